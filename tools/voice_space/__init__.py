"""Distribution of voices for `hierbatch voices sample` and `design`, computed from licensed recordings."""
