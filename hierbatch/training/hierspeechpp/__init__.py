"""Training of the published HierSpeech++ networks: synthesizer, text-to-vector and SpeechSR."""
