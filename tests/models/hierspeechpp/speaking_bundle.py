"""A bundle that speaks by the published networks, in small, its weights made by rule."""

from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.hierspeechpp.content_encoder.config import ContentEncoderConfig
from hierbatch.models.hierspeechpp.content_encoder.model import ContentEncoder
from hierbatch.models.hierspeechpp.denoiser.config import DenoiserConfig
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser
from hierbatch.models.hierspeechpp.speechsr.config import SpeechSRConfig
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector
from hierbatch.models.speech import SpeechRequest
from hierbatch.models.weights.bundle_writing import write_bundle_components
from tests.models.converting_bundle import SIZES
from tests.models.golden_rule import with_rule_weights

TTV = {
    "style_channels": 8, "channels": 16, "wide_channels": 16, "text_layers": 1, "semantic_channels": 16,
    "posterior_layers": 1, "decoder_channels": 8, "decoder_layers": 2, "pitch_channels": 8,
}  # fmt: skip
SPEECHSR = {"channels": 4, "block_kernels": [3], "dilations": [1]}
CONFIG = {**SIZES, "ttv": TTV, "speechsr24k": SPEECHSR}
WORDS = "hello there old friend we meet again at last on a cold and quiet morning by the sea"


def write_official(folder, parts=("ttv", "synthesizer", "speechsr24k", "denoiser"), **synthesis):
    sizes = {part: {k: tuple(v) if isinstance(v, list) else v for k, v in CONFIG[part].items()} for part in CONFIG}
    made = {
        "ttv": with_rule_weights(TextToVector(TextToVectorConfig(**sizes["ttv"]))),
        "synthesizer": with_rule_weights(Synthesizer(SynthesizerConfig(**sizes["synthesizer"]))),
        "speechsr24k": with_rule_weights(SpeechSR(SpeechSRConfig(rate_hz=24_000, **sizes["speechsr24k"]))),
        "denoiser": with_rule_weights(Denoiser(DenoiserConfig(**sizes["denoiser"]))),
        "content_encoder": with_rule_weights(ContentEncoder(ContentEncoderConfig(**sizes["content_encoder"]))),
    }
    about = {"source": "x", "source_sha256": "", "published_name": "", "license": "MIT"}
    page = {
        "name": "official", "kind": "hierspeechpp", "languages": ["en"], "rate_hz": 16_000, "license": "MIT",
        "config": CONFIG, "synthesis": synthesis,
    }  # fmt: skip
    weights = {part: made[part].state_dict() for part in parts}
    write_bundle_components(folder, weights, [{"name": part, **about} for part in parts], page)
    return folder


def request_of(voice, text="hello there old friend", **others):
    phonemes = SpeechFrontEnd().phonemize(text, "en").phonemes
    return SpeechRequest(phonemes=phonemes, language="en", voice=voice, **{"seed": 1, **others})
