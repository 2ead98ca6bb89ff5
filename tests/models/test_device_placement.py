"""Where and how a model runs: one word, refused where it makes no sense, and the same sound in another precision."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hierbatch.audio.waveform import SoundStream, Waveform
from hierbatch.errors import InputError
from hierbatch.jobs.weights.import_models import ImportModels, import_models
from hierbatch.models.catalog.open_model import open_model
from hierbatch.models.conversion.recording import convert_recording
from hierbatch.models.device_placement import DevicePlacement, to_array
from hierbatch.models.speech import SpeechRequest
from hierbatch.models.upsampling.upsampler import Upsampler
from tests.audio.voiced import voiced_sound
from tests.models import converting_bundle
from tests.models.among_others import snr_db
from tests.models.hierspeechpp.speaking_bundle import request_of, write_official
from tests.models.pretended_device import pretended_device
from tests.models.published_checkpoints import speechsr_checkpoint
from tests.tiny_bundle import write_tiny_bundle
from tests.tiny_speechsr import write_tiny_speechsr

HAS_GPU = torch.cuda.is_available()
LOWER = [
    "cpu,bfloat16",
    *(
        pytest.param(word, marks=pytest.mark.skipif(not HAS_GPU, reason="there is no GPU"))
        for word in ("cuda,bfloat16", "cuda,float16")
    ),
]
"""Placements of another precision, each compared with float32 on its own device."""


@pytest.mark.parametrize("word", ["cpu", "cpu,bfloat16", "cuda:1,float16", "cpu,compile", "mps,bfloat16,compile"])
def test_a_placement_survives_its_word(word):
    assert str(DevicePlacement.parse(word)) == word


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("tpu", "device is not known"),
        ("cuda:", "device is not known"),
        ("cuda:one", "device is not known"),
        ("cpu:1", "device is not known"),
        ("cpu,int8", "dtype is not known"),
        ("cpu,float16", "does not compute in float16"),
        ("cpu,bfloat16,float16", "device is not known"),
    ],
)
def test_an_impossible_placement_is_reported(word, told):
    with pytest.raises(InputError, match=told):
        DevicePlacement.parse(word)


@pytest.mark.skipif(HAS_GPU, reason="there is a GPU")
def test_a_machine_without_a_gpu_reports_it(tmp_path):
    with pytest.raises(InputError, match="no GPU"):
        DevicePlacement(device="cuda").check_available()
    with pytest.raises(InputError, match="no GPU"):
        open_model(write_tiny_bundle(tmp_path), DevicePlacement.parse("cuda,bfloat16"))


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is an Apple GPU")
def test_a_machine_without_an_apple_gpu_reports_it():
    with pytest.raises(InputError, match="no Apple GPU"):
        DevicePlacement(device="mps").check_available()


@pytest.mark.parametrize(("n_gpus", "wanted"), [(1, "--device cuda"), (2, "cuda:0 to cuda:1")])
def test_a_gpu_too_many_is_reported(monkeypatch, n_gpus, wanted):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_gpus)
    DevicePlacement(device="cuda").check_available()
    DevicePlacement(device=f"cuda:{n_gpus - 1}").check_available()
    with pytest.raises(InputError, match="no such GPU") as told:
        DevicePlacement(device=f"cuda:{n_gpus}").check_available()
    assert wanted in str(told.value)


def test_compiling_without_a_compiler_is_reported(monkeypatch):
    monkeypatch.setattr("hierbatch.models.device_placement.shutil.which", lambda name: None)
    with pytest.raises(InputError, match=r"no C\+\+ compiler"):
        DevicePlacement(is_compiled=True).check_available()


def test_numbers_of_any_precision_are_read_as_float32():
    found = to_array(torch.tensor([1.5, -2.0], dtype=torch.bfloat16))
    assert found.dtype == np.float32
    assert found.tolist() == [1.5, -2.0]


def packaged(_folder):
    return "lite"


def noise(n_samples):
    return Waveform(np.random.default_rng(1).normal(0, 0.1, n_samples).astype(np.float32), 16_000)


def say_by_lite(model):
    voice = model.encode_voice(voiced_sound(3.0, 150))
    request = SpeechRequest(phonemes="h ə l ˈoʊ , w ˈɝ l d .", language="en", voice=voice, seed=3)
    (speech,) = model.speak([request])
    return speech


def say_by_official(model):
    (speech,) = model.speak([request_of(model.encode_voice(voiced_sound(3.5, 150)))])
    return speech


@pytest.mark.parametrize(
    ("write", "say"), [(packaged, say_by_lite), (write_official, say_by_official)], ids=["lite", "official"]
)
@pytest.mark.parametrize("word", LOWER)
def test_a_sentence_in_another_precision_is_the_same_sentence(tmp_path, write, say, word):
    bundle = write(tmp_path)
    exact, rough = (say(open_model(bundle, DevicePlacement.parse(where))) for where in (word.partition(",")[0], word))
    assert rough.token_frames == exact.token_frames
    np.testing.assert_array_equal(rough.f0_hz, exact.f0_hz)
    assert rough.waveform.samples.dtype == np.float32
    assert 20 < snr_db(exact.waveform.samples, rough.waveform.samples) < 90


def convert(model):
    prompt = model.encode_voice(voiced_sound(3.0, 200))
    return convert_recording(model, voiced_sound(1.3, 120), prompt, seed=5).waveform.samples


def denoising(folder):
    return write_official(folder, denoise_ratio=0.5)


def denoising_converter(folder):
    return converting_bundle.write_official(folder, denoise_ratio=0.5)


@pytest.mark.parametrize(
    ("write", "make"),
    [
        (packaged, lambda model: say_by_lite(model).waveform.samples),
        (packaged, convert),
        (denoising, lambda model: say_by_official(model).waveform.samples),
        (denoising_converter, convert),
    ],
    ids=["lite", "lite converts", "official", "official converts"],
)
def test_a_device_without_double_precision_gives_the_same_sound(tmp_path, monkeypatch, write, make):
    bundle = write(tmp_path)
    wanted = make(open_model(bundle))
    with pretended_device(monkeypatch):
        found = make(open_model(bundle, DevicePlacement.parse("mps")))
    assert snr_db(wanted, found) > 100


def published_speechsr(folder):
    save_file(speechsr_checkpoint(0), folder / "speechsr48k.safetensors")
    job = ImportModels(sources=[str(folder / "speechsr48k.safetensors")], name="sr", folder=folder / "m")
    return import_models(job).bundle.folder


@pytest.mark.parametrize("write", [write_tiny_speechsr, published_speechsr], ids=["light", "published"])
def test_a_device_without_double_precision_gives_recordings_the_same_top_together(tmp_path, monkeypatch, write):
    (tmp_path / "bundle").mkdir()
    bundle, sounds = write(tmp_path / "bundle"), [noise(n_samples) for n_samples in (1_501, 400)]
    streams = [SoundStream([sound.samples], sound.rate_hz) for sound in sounds]
    wanted = [Upsampler.load(bundle).upsample(sound, 48_000).samples for sound in sounds]
    with pretended_device(monkeypatch):
        found = dict(Upsampler.load(bundle, DevicePlacement.parse("mps")).stream_all(streams, 48_000))
    assert all(snr_db(wanted[row], found[row]) > 80 for row in (0, 1))


def test_the_pretended_device_has_no_double_precision_and_takes_no_strangers(monkeypatch):
    with pretended_device(monkeypatch):
        x = torch.zeros(3).to("mps")
        for refused in (lambda: x.double(), lambda: torch.zeros(3, dtype=torch.float64, device="mps")):
            with pytest.raises(TypeError, match="float64"):
                refused()
        with pytest.raises(RuntimeError, match="two devices"):
            x + torch.ones(3)


@pytest.mark.parametrize("write", [packaged, converting_bundle.write_official], ids=["lite", "official"])
@pytest.mark.parametrize("word", LOWER)
def test_a_conversion_in_another_precision_is_near(tmp_path, write, word):
    bundle, source, prompt = write(tmp_path), voiced_sound(1.3, 120), voiced_sound(3.0, 200)
    models = [open_model(bundle, DevicePlacement.parse(where)) for where in (word.partition(",")[0], word)]
    exact, rough = (
        convert_recording(model, source, model.encode_voice(prompt), seed=5).waveform.samples for model in models
    )
    assert 15 < snr_db(exact, rough) < 90


@pytest.mark.parametrize("kind", ["light", "published"])
@pytest.mark.parametrize("word", LOWER)
def test_a_new_top_in_another_precision_is_near(tmp_path, kind, word):
    bundle = write_tiny_speechsr(tmp_path) if kind == "light" else published_speechsr(tmp_path)
    sound, places = noise(8_000), (word.partition(",")[0], word)
    exact, rough = (
        Upsampler.load(bundle, DevicePlacement.parse(place)).upsample(sound, 48_000).samples for place in places
    )
    assert 20 < snr_db(exact, rough) < 90


@pytest.mark.parametrize(
    ("write", "wanted"),
    [
        (write_tiny_bundle, {"Acoustic", "LiteWaveformGenerator", "LiteContentEncoder"}),
        (write_official, {"Synthesizer", "SpeechSR"}),
        (converting_bundle.write_official, {"Synthesizer", "ContentEncoder"}),
    ],
    ids=["lite", "official", "official conversion"],
)
def test_what_makes_the_sound_is_compiled_where_asked_for(tmp_path, monkeypatch, write, wanted):
    asked = set()
    monkeypatch.setattr(torch.nn.Module, "compile", lambda network, **how: asked.add((type(network).__name__, *how)))
    open_model(write(tmp_path), DevicePlacement.parse("cpu,compile"))
    assert asked >= {(name, "dynamic") for name in wanted}
    asked.clear()
    open_model(tmp_path)
    assert not asked
