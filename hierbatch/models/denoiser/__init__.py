"""MP-SENet: the published system's denoiser of voice prompts."""
