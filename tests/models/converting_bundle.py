"""A bundle that converts by the published networks, in small, its weights made by rule."""

from hierbatch.models.hierspeechpp.content_encoder.config import ContentEncoderConfig
from hierbatch.models.hierspeechpp.content_encoder.model import ContentEncoder
from hierbatch.models.hierspeechpp.denoiser.config import DenoiserConfig
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.weights.bundle_writing import write_bundle_components
from tests.models.golden_rule import with_rule_weights

RATE_HZ = 16_000
SIZES = {
    "synthesizer": {
        "semantic_channels": 16, "style_channels": 8, "channels": 8, "wide_channels": 12, "n_layers": 2,
        "source_channels": 16, "waveform_channels": 32, "analysis_channels": 2, "block_kernels": [3],
        "source_block_kernels": [3], "dilations": [1, 3],
    },
    "content_encoder": {
        "n_layers": 1, "channels": 16, "wide_channels": 16, "n_heads": 2, "convolution_channels": 8,
        "position_kernel": 8, "position_groups": 2,
    },
    "denoiser": {"channels": 4, "n_dense_layers": 1, "n_blocks": 1, "n_heads": 1, "conformer_kernel": 3},
}  # fmt: skip


def write_official(folder, parts=("synthesizer", "content_encoder", "denoiser"), **synthesis):
    sizes = {part: {k: tuple(v) if isinstance(v, list) else v for k, v in SIZES[part].items()} for part in SIZES}
    made = {
        "synthesizer": with_rule_weights(Synthesizer(SynthesizerConfig(**sizes["synthesizer"]))),
        "content_encoder": with_rule_weights(ContentEncoder(ContentEncoderConfig(**sizes["content_encoder"]))),
        "denoiser": with_rule_weights(Denoiser(DenoiserConfig(**sizes["denoiser"]))),
    }
    about = {"source": "x", "source_sha256": "", "published_name": "", "license": "MIT"}
    write_bundle_components(
        folder,
        {part: made[part].state_dict() for part in parts},
        [{"name": part, **about} for part in parts],
        {
            "name": "official", "kind": "hierspeechpp", "languages": [], "rate_hz": RATE_HZ, "license": "MIT",
            "config": SIZES, "synthesis": synthesis,
        },
    )  # fmt: skip
    return folder
