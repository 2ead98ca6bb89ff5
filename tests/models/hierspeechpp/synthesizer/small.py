"""A synthesizer small enough for tests."""

from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig

SMALL = SynthesizerConfig(
    semantic_channels=12, n_bins=9, n_mels=8, n_prosody_mels=4, style_channels=8, channels=8, wide_channels=12,
    n_layers=2, source_channels=16, waveform_channels=32, analysis_channels=2,
    block_kernels=(3, 7), source_block_kernels=(3, 5),
)  # fmt: skip
