"""Third-party networks for evaluating takes: a speaker encoder and a speech recognizer."""
