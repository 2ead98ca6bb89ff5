"""Third-party networks for evaluating takes: a speaker encoder, a speech recognizer and a quality predictor."""
