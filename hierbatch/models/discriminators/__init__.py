"""Networks that tell made sound from recorded: for training the generators."""
