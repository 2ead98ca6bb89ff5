"""An evaluation kit whose answers are known: it writes down how often it was asked."""

from tools.evaluation.kit import load_kit

_SOURCE = """
from pathlib import Path

_ASKED = Path(__file__).with_name("asked.txt")
_HEARD = {heard!r}


def _note(what):
    with _ASKED.open("a") as file:
        file.write(what + "\\n")


def transcribe(samples, language):
    _note("transcribe " + language)
    return _HEARD.get(language, "")


def normalize(text, language):
    return "".join(c for c in text.lower() if c.isalnum() or c == " ")


def speaker_similarity(one, other, network):
    _note(network)
    return 0.75 if network == "vfl" else 0.5


def dnsmos(samples):
    _note("dnsmos")
    return {{"ovrl": 3.0, "sig": 3.5, "bak": 4.0, "p808": 3.2}}


def distillmos(samples):
    {distillmos}
"""


def fake_kit(folder, *, heard=None, distillmos="return 4.0", recognizer=""):
    """A folder with an `evalkit.py` that hears `heard` (by language), and an `align.py` where one is given."""
    folder.mkdir(exist_ok=True)
    (folder / "evalkit.py").write_text(_SOURCE.format(heard=heard or {}, distillmos=distillmos), encoding="utf-8")
    if recognizer:
        (folder / "align.py").write_text(recognizer, encoding="utf-8")
    return load_kit(folder)


def questions_asked(folder):
    path = folder / "asked.txt"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
