"""Jobs of `hierbatch voices`: list, preview, blend, sample and design voices."""
