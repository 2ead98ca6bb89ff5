"""From scores to singing input: syllables on notes, frames of phonemes, and the pitch contour."""
