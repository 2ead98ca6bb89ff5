"""SpeechSR-Lite: bandwidth extension by spectral band replication with a learned envelope."""
