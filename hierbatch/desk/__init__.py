"""Review desk: a local web page to listen to a run, decide about its takes, and request new takes of sentences."""
