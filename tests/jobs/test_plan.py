import pytest
from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.engine.progress import format_duration
from hierbatch.errors import InputError, ManifestError
from hierbatch.frontend.language import expected_duration_s
from hierbatch.jobs.options.prices import Prices
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.plan import estimate
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.models.catalog.model_choice import ModelChoice
from tests.changing import change
from tests.engine.fake_model import spoken
from tests.engine.planned_run import bundle_folder
from tests.making import manifest_file, phonemes, prompt_file


def order(folder, manifest):
    return SpeakSpec(
        manifest=manifest,
        voices=VoiceChoice(voice=prompt_file(folder)),
        model=ModelChoice(model=bundle_folder(folder)),
    )


def test_a_plan_reports_rows_units_sound_and_refusals_and_speaks_nothing(tmp_path):
    given = [phonemes(i) for i in range(100)]
    given[7] = "§ ."
    found = estimate(order(tmp_path, manifest_file(tmp_path, 100, phonemes=given, language=["en"] * 60 + ["ko"] * 40)))
    assert (found.n_rows, found.n_invalid, found.n_units) == (100, 1, 2)
    assert [(refusal.id, refusal.kind) for refusal in found.invalid_rows] == [("r007", "text")]
    expected = sum(expected_duration_s(given[i], "en") for i in range(60) if i != 7)
    assert found.sound_s["en"] == pytest.approx(expected, rel=1e-4)
    assert found.sound_s.keys() == {"en", "ko"}
    assert found.n_bytes == pytest.approx(20_000 * sum(found.sound_s.values()), abs=1)
    assert found.work_s is None  # nobody knows the pace of a model of one's own
    assert change(found, model="lite").work_s == pytest.approx(0.05 * sum(found.sound_s.values()))
    assert spoken(tmp_path / "bundle") == []


def test_the_dry_run_of_the_packaged_model_reports_sound_bytes_and_time(tmp_path):
    manifest = manifest_file(tmp_path, 40, phonemes=[phonemes(i) for i in range(40)])
    told = CliRunner().invoke(app, ["plan", str(manifest), "--voice", str(prompt_file(tmp_path))])
    assert told.exit_code == 0, told.output
    sound_s = sum(expected_duration_s(phonemes(i), "en") for i in range(40))
    assert f"40 rows in 1 work units, about en {format_duration(sound_s)} of audio" in told.output
    assert (
        f"About {format_duration(0.05 * sound_s)} of CPU time on one core, at 0.05 s per second of audio" in told.output
    )
    assert "About 0.00 GB" in told.output


def test_a_manifest_with_problems_is_refused_with_all_of_them(tmp_path):
    manifest = manifest_file(tmp_path, 3, id=["a", "a", "b/c"], language=["en", "de", "en"])
    with pytest.raises(ManifestError) as caught:
        estimate(order(tmp_path, manifest))
    for part in ("more than once (a)", "b/c", "de"):
        assert part in str(caught.value)


def test_all_errors_of_a_request_are_reported_together(tmp_path):
    asked = order(tmp_path, manifest_file(tmp_path, 3, id=["a", "a", "b/c"]))
    voices = tmp_path / "voices.csv"
    voices.write_text("voice,audio,consent\nanna,anna.wav,unknown\nmute,none.wav,self\n")
    (tmp_path / "lexicon.csv").write_text("no,lexicon\n")
    asked = change(
        asked,
        voices=VoiceChoice(voices=voices, default_voice="anna"),
        lexicon=tmp_path / "lexicon.csv",
        model=str(tmp_path / "nowhere"),
    )
    with pytest.raises(InputError) as caught:
        estimate(asked)
    said = str(caught.value)
    for part in ("4 errors", "more than once (a)", "b/c", "consent of 1 voice is unknown", "lexicon.csv", "nowhere"):
        assert part in said, said


def test_a_wrong_model_hides_nothing_of_a_wrong_manifest(tmp_path):
    prompt_file(tmp_path, gain=0.0, name="mute.wav")
    voices = tmp_path / "voices.csv"
    voices.write_text("voice,audio,consent\nanna,anna.wav,self\nmute,mute.wav,self\ngone,none.wav,self\n")
    manifest = manifest_file(tmp_path, 3, id=["a", "a", "b"], voice=["mute", "gone", "anna"], speed=["fast"] * 3)
    asked = change(order(tmp_path, manifest), voices=VoiceChoice(voices=voices), model=str(tmp_path / "nowhere"))
    with pytest.raises(InputError) as caught:
        estimate(asked)
    said = str(caught.value)
    for part in (
        "nowhere",
        "speed is string",
        "more than once (a)",
    ):
        assert part in said, said


def test_voices_that_rows_name_are_all_judged(tmp_path):
    manifest = manifest_file(tmp_path, 3, voice=["anna", "mute", "nobody"])
    voices = tmp_path / "voices.csv"
    voices.write_text("voice,audio,consent\nanna,anna.wav,unknown\nmute,none.wav,self\nunused,none.wav,self\n")
    asked = change(order(tmp_path, manifest), voices=VoiceChoice(voices=voices))
    with pytest.raises(InputError, match=r"\(nobody\).*consent of 1 voice"):
        estimate(asked)
    asked = change(asked, manifest=manifest_file(tmp_path, 3, voice=["anna", "mute", None]))
    asked = change(asked, voices=VoiceChoice(voices=voices, default_voice="anna"))
    with pytest.raises(InputError) as caught:
        estimate(asked)
    said = str(caught.value)
    assert "consent of 1 voice is unknown" in said
    assert "unused" not in said


def test_rows_with_words_of_another_script_are_named(tmp_path):
    texts = ["She said Привет today.", "Two birds sang."]
    manifest = manifest_file(tmp_path, 2, phonemes=[None, None], text=texts)
    told = CliRunner().invoke(app, ["plan", str(manifest), "--voice", str(prompt_file(tmp_path)), "--language", "en"])
    assert told.exit_code == 0, told.output
    assert "r000: transliterated or left out: Привет" in told.output
    assert "1 rows have words of an unsupported script" in told.output


def test_the_cost_is_that_of_the_workers_and_of_the_bytes(tmp_path):
    prices = Prices(times_real_time=4.0, hour_price=2.0, gb_price=50.0)
    found = estimate(order(tmp_path, manifest_file(tmp_path, 20)), prices)
    sound_s = sum(found.sound_s.values())
    assert found.work_s == pytest.approx(sound_s / 4)
    assert found.price == pytest.approx(sound_s / 4 / 3600 * 2 + found.n_bytes / 1e9 * 50)
    assert change(found, prices=Prices(gb_price=1.0)).price == pytest.approx(found.n_bytes / 1e9)
    assert change(found, prices=Prices(hour_price=1.0)).price is None  # nobody knows the pace of this model
    assert change(found, prices=Prices()).price is None
