"""HierSpeech++ pipelines for speech synthesis and voice conversion, from an imported bundle."""
