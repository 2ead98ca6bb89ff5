"""SpeechSR of HierSpeech++: bandwidth extension of 16 kHz speech to 24 or 48 kHz."""
