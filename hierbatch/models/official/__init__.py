"""The published HierSpeech++ networks as one instrument, from an imported bundle."""
