"""Jobs of training: preparation of recordings, training and fine-tuning."""
