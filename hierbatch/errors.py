"""Every error hierbatch raises on purpose.

HierbatchError
├── SetupError              the job cannot be right: stop now, say how to mend it
│   ├── InputError              a manifest, book, prompt or option is wrong
│   │   ├── BookError               a book cannot be read (missing, locked, damaged, empty)
│   │   └── ManifestError           wrong columns, types, version, duplicate or unsafe ids
│   ├── BundleError             weights are missing, damaged or do not fit the model
│   ├── ProgramError            a program or package the job needs is missing or failed
│   ├── RunError                a run folder is locked, foreign, or belongs to other settings
│   │   └── VanishedError           a file of a run has gone since it was listed: compaction put others in its place
│   └── StorageError            the disk is full, read-only or gone
└── RowError                one row is bad: it becomes a failed row, its neighbours go on
    ├── TextError               the front end cannot say it (nothing left, unknown symbol, too long)
    ├── PromptError             a voice prompt is silent, too short, too long or unreadable
    ├── SourceError             a recording to convert cannot be used
    │   └── SegmentsError           its table of who speaks when is wrong
    ├── SynthesisError          a model gave nothing usable (no frames, NaN, runaway length)
    └── OutOfMemoryError        a row does not fit into memory even alone

A message says what happened, what was wanted, what was got and how to mend it. Only the command line turns an
error into an exit code.
"""

from __future__ import annotations

from typing import ClassVar


class HierbatchError(Exception):
    """Base of all errors raised on purpose; `str()` is one paragraph a user can act on."""

    kind: ClassVar[str] = "error"

    def __init__(self, what: str, *, wanted: str = "", got: str = "", mend: str = "") -> None:
        self.what, self.wanted, self.got, self.mend = what, wanted, got, mend
        super().__init__(what, wanted, got, mend)

    def __str__(self) -> str:
        parts = [self.what.rstrip(".")]
        if self.wanted:
            parts.append(f"Wanted: {self.wanted.rstrip('.')}")
        if self.got:
            parts.append(f"Got: {self.got.rstrip('.')}")
        if self.mend:
            parts.append(f"To mend: {self.mend.rstrip('.')}")
        return ". ".join(parts) + "."

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only fields would be lost by the default pickling; errors cross process borders in Ray.
        return (_rebuild, (type(self), self.what, self.wanted, self.got, self.mend))


def _rebuild(cls: type[HierbatchError], what: str, wanted: str, got: str, mend: str) -> HierbatchError:
    return cls(what, wanted=wanted, got=got, mend=mend)


class SetupError(HierbatchError):
    """The job cannot be right: stop, and say how to mend it."""

    kind = "setup"


class InputError(SetupError):
    """A manifest, book, prompt or option is wrong."""

    kind = "input"


class BookError(InputError):
    """A book cannot be read: missing, locked, damaged or empty."""

    kind = "book"


class ManifestError(InputError):
    """A manifest has wrong columns, types or version, or duplicate or unsafe ids."""

    kind = "manifest"


class BundleError(SetupError):
    """Weights are missing, damaged or do not fit the model."""

    kind = "bundle"


class ProgramError(SetupError):
    """A program or package the job needs is missing or failed."""

    kind = "program"


class RunError(SetupError):
    """A run folder is locked, foreign, or belongs to other settings."""

    kind = "run"


class VanishedError(RunError):
    """A file of a run has gone since it was listed: compaction put others in its place. Readers list again."""

    kind = "vanished"


class StorageError(SetupError):
    """The disk is full, read-only or gone."""

    kind = "storage"


class RowError(HierbatchError):
    """One row is bad: it becomes a failed row and its neighbours go on."""

    kind = "row"


class TextError(RowError):
    """The front end cannot say a text: nothing left, unknown symbol, too long."""

    kind = "text"


class PromptError(RowError):
    """A voice prompt is silent, too short, too long or unreadable."""

    kind = "prompt"


class SourceError(RowError):
    """A recording to convert cannot be used."""

    kind = "source"


class SegmentsError(SourceError):
    """The table that says who speaks when in a recording is wrong."""

    kind = "segments"


class SynthesisError(RowError):
    """A model gave nothing usable: no frames, NaN, or a runaway length."""

    kind = "synthesis"


class OutOfMemoryError(RowError):
    """A row does not fit into memory even alone."""

    kind = "memory"
