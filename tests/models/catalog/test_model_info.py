"""An outline tells without torch what the loaded model would."""

import subprocess
import sys

import numpy as np
import pytest
from safetensors.torch import save_file

from hierbatch.audio.waveform import Waveform
from hierbatch.errors import BundleError, PromptError
from hierbatch.jobs.weights.import_models import ImportModels, import_models
from hierbatch.models.catalog.model_info import read_upsampler_info
from hierbatch.models.catalog.open_model import open_model, read_model_info
from hierbatch.models.conversion.interface import ConversionModel
from hierbatch.models.upsampling.upsampler import Upsampler
from tests.models.published_checkpoints import speechsr_checkpoint
from tests.tiny_bundle import write_tiny_bundle
from tests.tiny_speechsr import write_tiny_speechsr


def noise(gain, duration_s=2.0):
    rng = np.random.default_rng(0)
    return Waveform((gain * rng.standard_normal(int(16_000 * duration_s))).astype(np.float32), 16_000)


def hum(duration_s=2.0):
    t = np.arange(int(16_000 * duration_s)) / 16_000
    harmonics = sum(np.sin(2 * np.pi * 120 * n * t) / n for n in range(1, 9))
    return Waveform((0.1 * harmonics).astype(np.float32), 16_000)


def test_an_outline_says_of_a_speaking_model_what_the_model_says_and_refuses_the_same_prompts(tmp_path):
    bundle = write_tiny_bundle(tmp_path)
    model, info = open_model(bundle), read_model_info(bundle)
    assert (info.name, info.fingerprint, info.languages) == (model.name, model.fingerprint, model.languages)
    assert info.can_convert
    assert isinstance(model, ConversionModel)
    for prompt in (noise(0.0), hum(0.5), noise(0.1), Waveform(np.full(32_000, np.nan, np.float32), 16_000)):
        with pytest.raises(PromptError) as by_model:
            model.encode_voice(prompt)
        with pytest.raises(PromptError) as by_outline:
            info.check_prompt(prompt)
        assert str(by_outline.value) == str(by_model.value)
    model.encode_voice(hum())
    info.check_prompt(hum())


def test_an_outline_says_of_an_upsampler_what_the_upsampler_says(tmp_path):
    light = write_tiny_speechsr(tmp_path / "light")
    save_file(speechsr_checkpoint(0), tmp_path / "speechsr24k.safetensors")
    job = ImportModels(
        sources=[str(tmp_path / "speechsr24k.safetensors")], name="published", folder=tmp_path / "imported"
    )
    published = import_models(job).bundle.folder
    for bundle, rates_hz in ((light, (24_000, 48_000)), (published, (24_000,))):
        model, info = Upsampler.load(bundle), read_upsampler_info(bundle)
        assert (info.name, info.fingerprint) == (model.name, model.fingerprint)
        assert info.upsampling_rates_hz == rates_hz
    with pytest.raises(BundleError, match="no speechsr48k"):
        Upsampler.load(published).prepare(48_000)
    with pytest.raises(BundleError, match="does not extend the bandwidth"):
        read_upsampler_info(write_tiny_bundle(tmp_path / "lite"))


def test_damaged_missing_and_foreign_weights_are_reported_before_a_worker_loads_them(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "damaged")
    weights = bundle / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with pytest.raises(BundleError, match="do not match the hash in its bundle"):
        read_model_info(bundle)
    weights.unlink()
    with pytest.raises(BundleError, match="cannot be read"):
        read_model_info(bundle)


def test_a_model_for_another_command_is_reported_with_the_command(tmp_path):
    bundle = write_tiny_speechsr(tmp_path)
    for ask in (read_model_info, open_model):
        with pytest.raises(
            BundleError, match=r"is for bandwidth extension.*neither speaks nor converts.*hierbatch upsample --model"
        ):
            ask(bundle)


def test_a_part_that_an_imported_model_needs_is_missed_before_any_work(tmp_path):
    save_file(speechsr_checkpoint(0), tmp_path / "speechsr24k.safetensors")
    job = ImportModels(sources=[str(tmp_path / "speechsr24k.safetensors")], name="top", folder=tmp_path / "imported")
    bundle = import_models(job).bundle.folder
    with pytest.raises(BundleError, match="has no synthesizer") as by_outline:
        read_model_info(bundle)
    with pytest.raises(BundleError) as by_model:
        open_model(bundle)
    assert str(by_outline.value) == str(by_model.value)


def test_planning_with_the_packaged_model_needs_no_torch():
    script = """
import sys
from pathlib import Path
from hierbatch.jobs.specs.convert import ConvertSpec
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.engine.execution import Execution
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.jobs.specs.upsample import UpsampleSpec
from hierbatch.jobs.run import check_device
import hierbatch.jobs.dubbing.dub, hierbatch.jobs.books.narrate, hierbatch.jobs.retry
voices = VoiceChoice(voices=Path("manifests/voices/voices.csv"), default_voice="narrator")
recordings = Path("manifests/recordings.csv")
for order in (
    SpeakSpec(manifest=Path("manifests/sentences.csv"), voices=voices),
    ConvertSpec(manifest=recordings, voices=voices),
    UpsampleSpec(manifest=recordings),
):
    print(sum(map(len, order.check().plan())))
check_device(DevicePlacement(dtype="bfloat16"), Execution())
assert "torch" not in sys.modules
"""
    from tests.loading import ROOT

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(int(count) > 0 for count in done.stdout.split())
