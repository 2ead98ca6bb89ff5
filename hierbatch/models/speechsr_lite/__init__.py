"""SpeechSR of HierSpeech2-Lite: the top of the band replicated from below, its envelope learned."""
