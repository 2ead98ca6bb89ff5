"""All errors that hierbatch raises deliberately.

HierbatchError
├── SetupError              the job cannot succeed as configured: stop now and say how to fix it
│   ├── InputError              a manifest, book, prompt or option is invalid
│   │   ├── BookError               a book cannot be read (missing, encrypted, damaged, empty)
│   │   └── ManifestError           wrong columns, types or version, duplicate or unsafe ids
│   ├── BundleError             weights are missing, damaged or do not match the model
│   ├── ProgramError            a required program or package is missing or failed
│   ├── RunError                a run folder is locked, not a run, or belongs to other settings
│   │   └── VanishedError           a file of a run was replaced by compaction after it was listed
│   └── StorageError            the disk is full, read-only or gone
└── RowError                one row is invalid: it becomes a failed row, and the other rows continue
    ├── TextError               the front end cannot process a text (empty, unknown symbol, too long)
    ├── PromptError             a voice prompt is silent, too short, too long or unreadable
    ├── SourceError             a source recording cannot be used
    │   └── SegmentsError           its speaker segments table is invalid
    ├── SynthesisError          a model produced no usable output (no frames, NaN, runaway length)
    └── OutOfMemoryError        a row does not fit into memory even in a batch of one

A message states the problem, the expected and the actual value, and the fix. Only the command line turns an error into
an exit code.
"""

from __future__ import annotations

from typing import ClassVar


class HierbatchError(Exception):
    """Base class of all deliberate errors; `str()` gives one paragraph that a user can act on."""

    kind: ClassVar[str] = "error"

    def __init__(self, what: str, *, expected: str = "", got: str = "", fix: str = "") -> None:
        self.what, self.expected, self.got, self.fix = what, expected, got, fix
        super().__init__(what, expected, got, fix)

    def __str__(self) -> str:
        parts = [self.what.rstrip(".")]
        if self.expected:
            parts.append(f"Expected: {self.expected.rstrip('.')}")
        if self.got:
            parts.append(f"Got: {self.got.rstrip('.')}")
        if self.fix:
            parts.append(f"Fix: {self.fix.rstrip('.')}")
        return ". ".join(parts) + "."

    def __reduce__(self) -> tuple[object, ...]:
        # Default pickling would lose the keyword-only fields; Ray sends errors between processes.
        return (_rebuild, (type(self), self.what, self.expected, self.got, self.fix))


def _rebuild(cls: type[HierbatchError], what: str, expected: str, got: str, fix: str) -> HierbatchError:
    return cls(what, expected=expected, got=got, fix=fix)


class SetupError(HierbatchError):
    """A job that cannot succeed as configured: it stops at once and the message says how to fix it."""

    kind = "setup"


class InputError(SetupError):
    """An invalid manifest, book, prompt or option."""

    kind = "input"


class BookError(InputError):
    """A book that cannot be read: missing, encrypted, damaged or empty."""

    kind = "book"


class ManifestError(InputError):
    """A manifest with wrong columns, types or version, or with duplicate or unsafe ids."""

    kind = "manifest"


class BundleError(SetupError):
    """Weights that are missing or damaged, or do not match the model."""

    kind = "bundle"


class ProgramError(SetupError):
    """A required program or package that is missing or failed."""

    kind = "program"


class RunError(SetupError):
    """A run folder that is locked, is not a run, or belongs to other settings."""

    kind = "run"


class VanishedError(RunError):
    """A run file that compaction replaced after it was listed; readers list the folder again."""

    kind = "vanished"


class StorageError(SetupError):
    """A disk that is full, read-only or gone, or an object store that does not respond."""

    kind = "storage"


class RowError(HierbatchError):
    """An error of one row: the row is recorded as failed and the other rows continue."""

    kind = "row"


class TextError(RowError):
    """A text that the front end cannot process: empty, an unknown symbol, or too long."""

    kind = "text"


class PromptError(RowError):
    """A voice prompt that is silent, too short, too long or unreadable."""

    kind = "prompt"


class SourceError(RowError):
    """A source recording that cannot be used."""

    kind = "source"


class SegmentsError(SourceError):
    """An invalid speaker segments table of a recording."""

    kind = "segments"


class SynthesisError(RowError):
    """A model output that cannot be used: no frames, NaN, or a runaway length."""

    kind = "synthesis"


class OutOfMemoryError(RowError):
    """A row that does not fit into memory even in a batch of one."""

    kind = "memory"
