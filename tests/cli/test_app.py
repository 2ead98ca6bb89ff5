"""The command line as a shell meets it: what it loads, and what it answers with."""

import errno
import io
import subprocess
import sys

import pytest

from hierbatch.cli import app as application
from hierbatch.cli import exit_codes
from hierbatch.cli.say import _read_input
from hierbatch.errors import InputError, ManifestError, RunError, StorageError

HEAVY = ("torch", "torchaudio", "ray", "pandas", "transformers", "scipy", "numpy", "pyarrow", "phonemizer")


def loaded_by(code):
    script = f"import sys; {code}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.splitlines()[-1].split() if done.stdout.strip() else []


def test_the_command_line_loads_nothing_heavy():
    assert loaded_by("import hierbatch.cli.app") == []


def test_a_status_needs_tables_and_nothing_that_speaks():
    assert set(loaded_by("import hierbatch.jobs.status, hierbatch.cli.outcome")) <= {"numpy", "pyarrow"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ManifestError("wrong table"), exit_codes.BAD_INPUT),
        (RunError("in use"), exit_codes.BAD_INPUT),
        (StorageError("disk full"), exit_codes.STOPPED),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x" * 5000), exit_codes.BAD_INPUT),
        (PermissionError(errno.EACCES, "Permission denied", "folder"), exit_codes.BAD_INPUT),
        (OSError(errno.ENOSPC, "No space left on device"), exit_codes.STOPPED),
        (KeyboardInterrupt(), exit_codes.INTERRUPTED),
    ],
)
def test_a_mistake_ends_in_one_paragraph_and_a_code(monkeypatch, capsys, error, code):
    def failing():
        raise error

    monkeypatch.setattr(application, "app", failing)
    monkeypatch.delenv("HIERBATCH_TRACEBACK", raising=False)
    with pytest.raises(SystemExit) as ended:
        application.main()
    assert ended.value.code == code
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert len(told) < 500
    assert "Traceback" not in told


def test_arguments_that_are_no_text_are_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["hierbatch", "choose", "run", "a", "--note", "caf\udce9"])
    with pytest.raises(SystemExit) as ended:
        application.main()
    assert ended.value.code == exit_codes.BAD_INPUT
    assert r"caf\udce9" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"caf\xe9", b"a" * (1 << 20) + b"b"])
def test_standard_input_that_cannot_be_spoken_is_refused(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    with pytest.raises(InputError, match="standard input"):
        _read_input()
