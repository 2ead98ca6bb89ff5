import json

import pytest
import torch

from hierbatch.errors import BundleError, InputError
from hierbatch.frontend.symbols import PHONES, SEPARATORS
from hierbatch.jobs.weights.import_models import ImportModels, import_models
from hierbatch.models.catalog.network_page import NetworkPage, read_network_page
from hierbatch.models.hierspeechpp.networks import HierSpeechPPNetworks
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.hierspeechpp.synthesizer.weights import NORMALIZED_LAYERS as OF_SYNTHESIZER
from hierbatch.models.hierspeechpp.synthesizer.weights import name_table as synthesizer_names
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector
from hierbatch.models.hierspeechpp.text_to_vector.weights import NORMALIZED_LAYERS as OF_TTV
from hierbatch.models.hierspeechpp.text_to_vector.weights import name_table as ttv_names
from hierbatch.models.weights.published_names import publish_weights
from tests.models.golden_rule import with_rule_weights

SIGNS = "_ .,?!abcdefghijklmnopqrstuvwxyz"
TTV = {
    "n_symbols": len(SIGNS), "style_channels": 8, "channels": 16, "wide_channels": 16, "text_layers": 1,
    "semantic_channels": 16, "posterior_layers": 1, "decoder_channels": 8, "decoder_layers": 2, "pitch_channels": 8,
}  # fmt: skip
SYNTHESIZER = {
    "semantic_channels": 16, "n_bins": 961, "style_channels": 8, "channels": 8, "wide_channels": 8, "n_layers": 1,
    "source_channels": 16, "waveform_channels": 32, "analysis_channels": 1, "waveform_rates": [4, 5, 4, 3, 2],
    "waveform_kernels": [8, 11, 8, 7, 4], "analysis_rates": [8, 5, 4, 3], "analysis_kernels": [17, 10, 8, 7],
    "block_kernels": [3], "source_block_kernels": [3], "dilations": [1],
}  # fmt: skip


def table(name, values):
    lines = [f"[{name}]", *(f"{json.dumps(key, ensure_ascii=False)} = {json.dumps(v)}" for key, v in values.items())]
    return "\n".join(lines)


def spelling():
    letters = [*"abcdefghijklmnopqrstuvwxyz"]
    spelled = {sound: letters[index % 26] * (1 + index // 26) for index, sound in enumerate(PHONES)}
    spelled |= {"|": " ", "ˈ": "", "ˌ": ""}
    return {sound: text for sound, text in spelled.items() if sound not in SIGNS}


def page_text(languages=("ko",), ttv=None, synthesizer=None, sounds=None):
    return "\n".join(
        [
            f"languages = {json.dumps(list(languages))}",
            'license = "CC-BY-4.0"',
            table("ttv", TTV | (ttv or {})),
            table("synthesizer", SYNTHESIZER | (synthesizer or {})),
            f"[vocabulary]\nsymbols = {json.dumps(SIGNS)}",
            table("vocabulary.spelling", spelling() if sounds is None else sounds),
        ]
    )


def write_page(folder, **changes):
    (folder / "page.toml").write_text(page_text(**changes), encoding="utf-8")
    return folder / "page.toml"


def tuples(sizes):
    return {name: tuple(size) if isinstance(size, list) else size for name, size in sizes.items()}


def test_a_korean_system_of_another_size_and_rate_is_imported_and_reads_korean(tmp_path):
    sizes = SynthesizerConfig(**tuples(SYNTHESIZER))
    networks = {
        "sounds.pth": (with_rule_weights(Synthesizer(sizes)), synthesizer_names(sizes), OF_SYNTHESIZER),
        "words.pth": (with_rule_weights(TextToVector(TextToVectorConfig(**TTV))), ttv_names(), OF_TTV),
    }
    for name, (network, names, normalized) in networks.items():
        torch.save({"model": publish_weights(network.state_dict(), names, normalized)}, tmp_path / name)
    job = ImportModels(
        sources=[str(tmp_path / name) for name in networks], name="korean", folder=tmp_path / "models",
        page=write_page(tmp_path),
    )  # fmt: skip
    bundle = import_models(job).bundle
    assert bundle.languages == ("ko",)
    assert bundle.licenses == ("CC-BY-4.0",)
    assert bundle.rate_hz == 24_000
    loaded = HierSpeechPPNetworks.from_bundle(bundle)
    assert loaded.rate_hz == 24_000
    wanted = networks["words.pth"][0].state_dict()
    assert all(
        torch.allclose(value, wanted[name], atol=1e-6) for name, value in loaded.text_to_vector.state_dict().items()
    )
    assert bundle.config["vocabulary"]["symbols"] == list(SIGNS)


def test_without_its_page_such_a_network_does_not_fit(tmp_path):
    network = with_rule_weights(TextToVector(TextToVectorConfig(**TTV)))
    torch.save(publish_weights(network.state_dict(), ttv_names(), OF_TTV), tmp_path / "words.pth")
    with pytest.raises(BundleError, match="do not fit"):
        import_models(ImportModels(sources=[str(tmp_path / "words.pth")], name="x", folder=tmp_path / "models"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"languages": ("hi",)}, "no front end for 'hi'"),
        ({"ttv": {"n_symbols": 40}}, "has 32 symbols, but ttv.n_symbols is 40"),
        ({"ttv": {"semantic_channels": 768}}, "ttv writes 768 channels"),
        ({"ttv": {"n_mels": 100}}, "80 mel bands"),
        ({"ttv": {"n_languages": 3}}, "n_languages is 3"),
        ({"synthesizer": {"waveform_rates": [4, 5, 4, 3, 3]}}, "36000 Hz"),
        ({"synthesizer": {"waveform_rates": [5, 4, 4, 3, 2]}}, "four values per frame"),
        ({"synthesizer": {"waveform_kernels": [8, 11, 8, 7, 5]}}, "odd number"),
        ({"sounds": {"|": " "}}, "no spelling for"),
    ],
)
def test_a_network_that_cannot_work_is_refused_with_the_reason(tmp_path, changes, reason):
    with pytest.raises(BundleError, match=reason):
        read_network_page(write_page(tmp_path, **changes))


def test_every_reason_is_named_at_once(tmp_path):
    page = write_page(tmp_path, languages=("hi",), ttv={"n_symbols": 40})
    with pytest.raises(BundleError, match=r"no front end.*; the vocabulary has"):
        read_network_page(page)


def test_the_defaults_describe_the_published_networks():
    page = NetworkPage()
    assert [page.sizes(name) for name in ("ttv", "synthesizer", "speechsr24k", "speechsr48k")] == [{}, {}, {}, {}]
    assert page.vocabulary_values == "published"
    assert len(SEPARATORS) == 5


def test_a_misspelled_key_is_refused(tmp_path):
    (tmp_path / "page.toml").write_text("[ttv]\nchannel = 3")
    with pytest.raises(InputError, match="unknown keys"):
        read_network_page(tmp_path / "page.toml")
