"""Loss of quality at each stage of synthesis: recording, copy synthesis, own content, text to speech."""
