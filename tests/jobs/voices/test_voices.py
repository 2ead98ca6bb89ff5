"""Voice jobs on a tiny model: consents are carried, files work wherever a voice does."""

import numpy as np
import pytest
import soundfile

import hierbatch
from hierbatch.errors import InputError
from hierbatch.jobs.specs.voices import prepare_voices, write_voice_table
from hierbatch.jobs.voices.blend import describe_blend, strictest_consent
from hierbatch.jobs.voices.listing import describe_voices, voices_at
from hierbatch.manifest.voices.voice_file import read_voice_file
from hierbatch.manifest.voices.voices import VoiceRow, voice_from_file
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.stages.voices import VoiceStore
from tests.loading import ROOT
from tests.tiny_bundle import write_tiny_bundle

VOICES = ROOT / "manifests" / "voices"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny", log_duration=1.7)


@pytest.fixture(scope="module")
def mix(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("voices") / "mix.safetensors"
    parts = {"narrator": 3.0, "low": 1.0}
    hierbatch.voices.blend(parts, table=VOICES / "voices.csv", out=path, model=tiny)
    return path


def test_a_blend_carries_the_consents_and_licenses_of_all_its_voices():
    rows = [
        VoiceRow(voice="anna", content=b"1", consent="self", license="MIT"),
        VoiceRow(voice="ben", content=b"2", consent="licensed", consent_ref="letter 7", license="CC BY 4.0"),
        VoiceRow(voice="cora", content=b"3", consent="synthetic", license="MIT"),
    ]
    described = describe_blend(rows, [0.5, 0.3, 0.2], "mix")
    assert (described.consent, described.license) == ("licensed", "MIT AND CC BY 4.0")
    assert described.consent_ref == "ben: letter 7"
    assert not described.synthetic
    assert [(s.voice, s.weight, s.consent) for s in described.sources] == [
        ("anna", 0.5, "self"), ("ben", 0.3, "licensed"), ("cora", 0.2, "synthetic"),
    ]  # fmt: skip
    assert describe_blend(rows[2:], [1.0], "mix").synthetic


def test_the_consent_of_a_blend_is_synthetic_only_if_no_one_is_in_it():
    assert strictest_consent(["synthetic", "synthetic"]) == "synthetic"
    assert strictest_consent(["synthetic", "public_domain"]) == "public_domain"
    assert strictest_consent(["licensed", "unknown"]) == "unknown"


def test_a_voice_of_unknown_consent_is_not_blended(tiny, tmp_path):
    parts = {str(VOICES / "narrator.flac"): 1.0, str(VOICES / "low.flac"): 1.0}
    with pytest.raises(InputError, match="consent"):
        hierbatch.voices.blend(parts, out=tmp_path / "mix.safetensors", model=tiny)


def test_a_blend_speaks_through_the_python_api_with_the_consent_of_its_file(tiny, mix):
    pipeline = hierbatch.load(tiny)
    voice = pipeline.voice(mix)
    assert (voice.consent, voice.notices) == ("licensed", ())
    assert pipeline.voice(mix.read_bytes()).sha256 == voice.sha256
    assert pipeline.speak("Hello.", voice).duration_s > 0


def test_a_run_opens_the_file_and_another_model_takes_its_reference_recording(tiny, mix, tmp_path):
    pipeline, row = LitePipeline.load(tiny), voice_from_file(mix, "self")
    prepared = prepare_voices([row], pipeline.encode_voice, allow_unknown=False)
    write_voice_table(prepared, tmp_path / "voices.parquet")
    opened = VoiceStore(tmp_path / "voices.parquet", pipeline.encode_voice, model=pipeline).voice("mix")
    np.testing.assert_array_equal(opened.sound_style, read_voice_file(mix).arrays["sound_style"])
    lengths = []
    VoiceStore(tmp_path / "voices.parquet", lambda prompt: lengths.append(prompt.duration_s)).voice("mix")
    with soundfile.SoundFile(_reference(mix)) as reference:
        assert lengths == [pytest.approx(len(reference) / reference.samplerate)]


def _reference(mix):
    import io

    return io.BytesIO(read_voice_file(mix).reference_flac)


def test_a_list_shows_recordings_and_voice_files_alike(mix):
    (blended,) = describe_voices(voices_at(mix))
    assert (blended.origin, blended.consent, blended.license) == ("blend", "licensed", "CC BY 4.0")
    recordings = {voice.voice: voice for voice in describe_voices(voices_at(VOICES / "voices.csv"))}
    assert recordings["low"].register == "low"
    assert recordings["low"].median_f0_hz < recordings["narrator"].median_f0_hz < recordings["seoul"].median_f0_hz
    assert all(voice.signal_to_noise_db > 20 and voice.duration_s > 3 for voice in recordings.values())


def test_a_preview_has_one_file_per_voice_and_a_montage(tiny, mix, tmp_path):
    rows = [f"mix,{mix},licensed", f"low,{VOICES / 'low.flac'},licensed", f"bad,{tmp_path / 'none.flac'},self"]
    (tmp_path / "voices.csv").write_text("\n".join(["voice,audio,consent", *rows]) + "\n")
    made = hierbatch.voices.preview(tmp_path / "voices.csv", out=tmp_path / "out", model=tiny)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["low.flac", "mix.flac", "montage.mp3"]
    assert list(made.problems) == ["bad"]
    parts_s = [soundfile.info(path).duration for path in made.files.values()]
    assert soundfile.info(made.montage).duration > sum(parts_s)
