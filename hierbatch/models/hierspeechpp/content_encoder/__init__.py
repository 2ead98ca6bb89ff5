"""Content encoder of HierSpeech++: the first layers of MMS-300M. The published weights are CC BY-NC 4.0."""
