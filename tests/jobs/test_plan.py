from dataclasses import replace

import pytest

from hierbatch.errors import InputError, ManifestError
from hierbatch.jobs.order import SpeakOrder
from hierbatch.jobs.plan import estimate
from hierbatch.jobs.voices import VoiceChoice
from hierbatch.stages.pace import expected_duration_s
from tests.engine.fake_model import FACTORY, spoken
from tests.engine.planned_run import bundle_folder
from tests.making import manifest_file, phonemes, prompt_file


def order(folder, manifest):
    return SpeakOrder(
        manifest=manifest,
        voices=VoiceChoice(file=prompt_file(folder)),
        bundle=str(bundle_folder(folder)),
        model_factory=FACTORY,
    )


def test_a_plan_tells_rows_units_sound_and_refusals_and_speaks_nothing(tmp_path):
    given = [phonemes(i) for i in range(100)]
    given[7] = "§ ."
    found = estimate(order(tmp_path, manifest_file(tmp_path, 100, phonemes=given, lang=["en"] * 60 + ["ko"] * 40)))
    assert (found.n_rows, found.n_refused, found.n_units) == (100, 1, 2)
    assert [(refusal.id, refusal.kind) for refusal in found.refusals] == [("r007", "text")]
    expected = sum(expected_duration_s(given[i], "en") for i in range(60) if i != 7)
    assert found.sound_s["en"] == pytest.approx(expected, rel=1e-4)
    assert found.sound_s.keys() == {"en", "ko"}
    assert found.n_bytes > 0
    assert found.work_s > 0
    assert spoken(tmp_path / "bundle") == []


def test_a_manifest_with_problems_is_refused_with_all_of_them(tmp_path):
    manifest = manifest_file(tmp_path, 3, id=["a", "a", "b/c"], lang=["en", "de", "en"])
    with pytest.raises(ManifestError) as caught:
        estimate(order(tmp_path, manifest))
    for part in ("more than once (a)", "b/c", "de"):
        assert part in str(caught.value)


def test_all_that_is_wrong_with_an_order_is_told_at_once(tmp_path):
    asked = order(tmp_path, manifest_file(tmp_path, 3, id=["a", "a", "b/c"]))
    voices = tmp_path / "voices.csv"
    voices.write_text("voice,audio,consent\nanna,anna.wav,unknown\nmute,none.wav,self\n")
    (tmp_path / "lexicon.csv").write_text("no,lexicon\n")
    asked = replace(
        asked,
        voices=VoiceChoice(table=voices, default="anna"),
        lexicon=tmp_path / "lexicon.csv",
        bundle=str(tmp_path / "nowhere"),
    )
    with pytest.raises(InputError) as caught:
        estimate(asked)
    said = str(caught.value)
    for part in ("4 things", "more than once (a)", "b/c", "consent of 1 voice is unknown", "lexicon.csv", "nowhere"):
        assert part in said, said


def test_voices_that_rows_name_are_all_judged(tmp_path):
    manifest = manifest_file(tmp_path, 3, voice=["anna", "mute", "nobody"])
    voices = tmp_path / "voices.csv"
    voices.write_text("voice,audio,consent\nanna,anna.wav,unknown\nmute,none.wav,self\nunused,none.wav,self\n")
    asked = replace(order(tmp_path, manifest), voices=VoiceChoice(table=voices))
    with pytest.raises(ManifestError, match="nobody"):
        estimate(asked)
    asked = replace(asked, manifest=manifest_file(tmp_path, 3, voice=["anna", "mute", None]))
    asked = replace(asked, voices=VoiceChoice(table=voices, default="anna"))
    with pytest.raises(InputError) as caught:
        estimate(asked)
    said = str(caught.value)
    assert "consent of 1 voice is unknown" in said
    assert "mute" in said
    assert "unused" not in said
