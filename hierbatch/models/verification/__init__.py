"""Each network's golden cases: how one is run, and which of its numbers must be how close."""
