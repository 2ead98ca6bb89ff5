from pathlib import Path

import numpy as np
import pytest

from hierbatch.errors import InputError, ProgramError
from tests.tools.evaluation.fake_kit import fake_kit
from tools.evaluation.kit import load_kit, shared_folder

SILENCE = np.zeros(160, np.float32)


def test_a_missing_kit_is_named_with_a_fix(tmp_path):
    with pytest.raises(InputError) as caught:
        load_kit(tmp_path / "tools")
    message = str(caught.value)
    assert str(tmp_path / "tools") in message
    assert "evalkit.py" in message
    assert "--kit" in message
    assert "HIERBATCH_SHARED" in message


def test_a_package_the_kit_lacks_is_reported_when_it_is_asked_for(tmp_path):
    kit = fake_kit(tmp_path, distillmos="import no_such_package_anywhere")
    assert kit.dnsmos(SILENCE)["ovrl"] == 3.0
    with pytest.raises(ProgramError, match=r"no_such_package_anywhere.*\.\[kit\]"):
        kit.distillmos(SILENCE)


def test_a_package_the_kit_lacks_is_reported_when_it_is_loaded(tmp_path):
    (tmp_path / "evalkit.py").write_text("import no_such_package_anywhere\n")
    with pytest.raises(ProgramError, match="no_such_package_anywhere"):
        load_kit(tmp_path)


def test_the_second_recognizer_is_optional(tmp_path):
    assert fake_kit(tmp_path / "without").phonemes(SILENCE) is None
    with_one = fake_kit(tmp_path / "with", recognizer="def recognise(samples):\n    return 'h aɪ'\n")
    assert with_one.phonemes(SILENCE) == ["h", "aɪ"]


def test_the_fingerprint_follows_every_file_of_the_kit(tmp_path):
    plain = fake_kit(tmp_path / "a").fingerprint
    assert fake_kit(tmp_path / "b").fingerprint == plain
    assert fake_kit(tmp_path / "c", heard={"en": "x"}).fingerprint != plain
    assert fake_kit(tmp_path / "d", recognizer="def recognise(samples): ...\n").fingerprint != plain


def test_an_unknown_speaker_network_is_refused(tmp_path):
    with pytest.raises(ValueError, match="ears"):
        fake_kit(tmp_path).similarity(SILENCE, SILENCE, "ears")


def test_the_shared_folder_is_the_environments_or_beside_the_checkout(monkeypatch, tmp_path):
    monkeypatch.setenv("HIERBATCH_SHARED", str(tmp_path))
    assert shared_folder() == tmp_path
    monkeypatch.delenv("HIERBATCH_SHARED")
    assert shared_folder() == Path(__file__).resolve().parents[4] / "shared"
