"""MP-SENet, the denoiser for voice prompts in HierSpeech++."""
