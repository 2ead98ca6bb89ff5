import hashlib

import pytest

from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp import files
from hierbatch.models.hierspeechpp.files import HierSpeechPPFile, find_checkpoint_file


def test_a_file_is_known_by_its_content_whatever_it_is_called(tmp_path, monkeypatch):
    wanted = HierSpeechPPFile("speechsr24k", 5, hashlib.sha256(b"right").hexdigest())
    monkeypatch.setattr(files, "HIERSPEECHPP_FILES", (wanted,))
    (tmp_path / "a.pth").write_bytes(b"wrong")
    assert find_checkpoint_file(tmp_path, "speechsr24k") is None
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "G_1.pth").write_bytes(b"right")
    assert find_checkpoint_file(tmp_path, "speechsr24k") == tmp_path / "deep" / "G_1.pth"


def test_an_unknown_file_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(InputError, match=r"speechsr24k.*speechsr96k"):
        find_checkpoint_file(tmp_path, "speechsr96k")
