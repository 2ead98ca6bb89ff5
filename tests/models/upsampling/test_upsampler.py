"""A recording of any rate and length gets a top; in pieces as in one."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hierbatch.audio.resample import resampled_length
from hierbatch.audio.waveform import SoundStream, Waveform
from hierbatch.errors import BundleError, InputError, SynthesisError
from hierbatch.jobs.weights.import_models import ImportModels, import_models
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.hierspeechpp.speechsr.config import SpeechSRConfig
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from hierbatch.models.upsampling import upsampler as upsampling
from hierbatch.models.upsampling.upsampler import RATES_HZ, Upsampler
from hierbatch.models.weights.bundle_writing import write_bundle_components
from tests.models.among_others import snr_db
from tests.models.golden_rule import with_rule_weights
from tests.models.published_checkpoints import speechsr_checkpoint
from tests.tiny_bundle import write_tiny_bundle
from tests.tiny_speechsr import write_tiny_speechsr


def recording(n_samples, rate_hz=16_000):
    rng = np.random.default_rng(n_samples)
    return Waveform((0.1 * rng.standard_normal(n_samples)).astype(np.float32), rate_hz)


# How far a sample reaches is a matter of kernels and dilations, not of channels.
NARROW = {f"speechsr{rate_hz // 1000}k": SpeechSRConfig(rate_hz=rate_hz, channels=4) for rate_hz in RATES_HZ}


def write_narrow_speechsr(folder):
    networks = {name: with_rule_weights(SpeechSR(config)) for name, config in NARROW.items()}
    about = {"source": "x", "source_sha256": "", "published_name": "", "license": "MIT"}
    page = {
        "name": "narrow", "kind": "hierspeechpp", "languages": [], "rate_hz": 48_000, "license": "MIT",
        "config": {name: {"channels": config.channels} for name, config in NARROW.items()}, "synthesis": {},
    }  # fmt: skip
    weights = {name: network.state_dict() for name, network in networks.items()}
    write_bundle_components(folder, weights, [{"name": name, **about} for name in networks], page)
    return folder


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    return {
        "light": write_tiny_speechsr(home / "light"),
        "published": write_narrow_speechsr(home / "published"),
    }


class DoublePrecision(DevicePlacement):
    def tensor(self, values):
        return torch.from_numpy(values).double()


def in_double_precision(model, rate_hz):
    """What a processor rounds by how long a piece is would hide what a piece lacks."""
    model.prepare(rate_hz)
    model._networks[rate_hz].double()
    model._placement = DoublePrecision()
    return model


@pytest.mark.parametrize("kind", ["light", "published"])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_pieces_equal_the_whole(bundles, kind, rate_hz, monkeypatch):
    model = in_double_precision(Upsampler.load(bundles[kind]), rate_hz)
    sound = recording(9_001)
    monkeypatch.setattr(upsampling, "CHUNK_SAMPLES", 1 << 20)
    whole = model.upsample(sound, rate_hz).samples
    monkeypatch.setattr(upsampling, "CHUNK_SAMPLES", 4_096)
    pieces = list(model.pieces(sound, rate_hz))
    assert len(pieces) == 3
    np.testing.assert_allclose(np.concatenate(pieces), whole, rtol=0, atol=1e-5 * np.abs(whole).max())


@pytest.mark.parametrize("kind", ["light", "published"])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_recording_among_others_of_any_length_and_rate_is_the_recording_alone(bundles, kind, rate_hz, monkeypatch):
    monkeypatch.setattr(upsampling, "CHUNK_SAMPLES", 4_096)
    model, calls = Upsampler.load(bundles[kind]), []
    run = model._run
    monkeypatch.setattr(model, "_run", lambda rows, rate_hz: calls.append(len(rows)) or run(rows, rate_hz))
    # From one sample to three pieces, even and odd, of every rate; and one without a sample.
    lengths = [(1, 16_000), (2, 16_000), (301, 16_000), (4_097, 16_000), (9_000, 16_000)]
    sounds = [recording(*length) for length in [*lengths, (999, 8_000), (3_001, 44_100), (0, 48_000)]]
    made = [[np.zeros(0, np.float32)] for _ in sounds]
    for row, piece in model.stream_all([SoundStream([s.samples], s.rate_hz) for s in sounds], rate_hz):
        made[row].append(piece)
    assert calls == [7, 2, 1]
    for sound, pieces in zip(sounds[:-1], made[:-1], strict=True):
        together, alone = np.concatenate(pieces), model.upsample(sound, rate_hz).samples
        assert len(together) == resampled_length(sound.n_samples, sound.rate_hz, rate_hz)
        assert snr_db(alone, together) > 80
    assert len(made[-1]) == 1


@pytest.mark.parametrize(
    ("from_hz", "n_samples"), [(44_100, 33_000), (16_000, 8_192), (16_000, 8_193), (48_000, 24_573)]
)
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_stream_in_small_blocks_equals_the_whole(bundles, from_hz, n_samples, rate_hz, monkeypatch):
    monkeypatch.setattr(upsampling, "CHUNK_SAMPLES", 4_096)
    model, sound = Upsampler.load(bundles["light"]), recording(n_samples, from_hz)
    blocks = (sound.samples[start : start + 999] for start in range(0, n_samples, 999))
    streamed = np.concatenate(list(model.stream(blocks, from_hz, rate_hz)))
    assert len(streamed) == resampled_length(n_samples, from_hz, rate_hz)
    np.testing.assert_array_equal(streamed, model.upsample(sound, rate_hz).samples)


@pytest.mark.parametrize("from_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_any_rate_keeps_the_duration(bundles, from_hz):
    model = Upsampler.load(bundles["light"])
    for rate_hz in RATES_HZ:
        for n_samples in (from_hz // 5, from_hz // 5 + 1):
            made = model.upsample(recording(n_samples, from_hz), rate_hz)
            assert (made.rate_hz, made.n_samples) == (rate_hz, resampled_length(n_samples, from_hz, rate_hz))


def test_impossible_values_are_reported(bundles, tmp_path, monkeypatch):
    model = Upsampler.load(bundles["light"])
    with pytest.raises(InputError, match="24000 or 48000"):
        model.upsample(recording(100), 44_100)
    with pytest.raises(BundleError, match="does not extend the bandwidth"):
        Upsampler.load(write_tiny_bundle(tmp_path / "lite"))
    monkeypatch.setattr(
        model, "_run", lambda rows, rate_hz: [np.full(3 * len(row), np.nan, np.float32) for row in rows]
    )
    with pytest.raises(SynthesisError, match="not finite"):
        model.upsample(recording(100), 48_000)


def test_one_rate_alone_may_be_imported(bundles, tmp_path):
    save_file(speechsr_checkpoint(), tmp_path / "48k.safetensors")
    job = ImportModels(sources=[str(tmp_path / "48k.safetensors")], name="one", folder=tmp_path / "m")
    model = Upsampler.load(import_models(job).bundle.folder)
    model.prepare(48_000)
    with pytest.raises(BundleError, match="has no speechsr24k"):
        model.prepare(24_000)


def test_a_network_has_the_sizes_that_its_bundle_records(bundles):
    model = Upsampler.load(bundles["published"])
    for rate_hz in RATES_HZ:
        model.prepare(rate_hz)
        assert model._networks[rate_hz].config == NARROW[f"speechsr{rate_hz // 1000}k"]


def test_a_failure_to_load_at_the_first_use_names_model_and_device(bundles, monkeypatch):
    def make(rate_hz):
        raise torch.OutOfMemoryError("out of memory on this device\nwith many more lines")

    model = Upsampler.load(bundles["light"])
    monkeypatch.setattr(model, "_make", make)
    with pytest.raises(
        BundleError, match=r"tiny_speechsr cannot be loaded on cpu.*OutOfMemoryError: out of memory on this d"
    ):
        model.upsample(recording(100), 48_000)


def test_sizes_that_are_none_of_the_network_are_a_damaged_bundle(tmp_path):
    folder = write_narrow_speechsr(tmp_path / "published")
    page = json.loads((folder / "bundle.json").read_text())
    page["config"]["speechsr48k"] = {"chanels": 4}
    (folder / "bundle.json").write_text(json.dumps(page))
    with pytest.raises(BundleError, match="chanels"):
        Upsampler.load(folder).prepare(48_000)
