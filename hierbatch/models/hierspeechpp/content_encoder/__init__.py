"""Content encoder of HierSpeech++: the first layers of MMS-300M. Its weights are CC BY-NC 4.0."""
