"""The voices a run may speak in, and whether their owners agreed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hierbatch.errors import InputError, ManifestError, PromptError
from hierbatch.manifest.checks import SAFE_ID
from hierbatch.manifest.schema import VOICE_COLUMNS
from hierbatch.manifest.store import open_table
from hierbatch.storage import read_regular

CONSENTS = ("self", "licensed", "public_domain", "synthetic", "unknown")

LARGEST_PROMPT_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceRow:
    """One voice: its prompt, as bytes or as a path, and what is known of its owner's consent."""

    voice: str
    content: bytes | None = None
    path: Path | None = None
    lang: str | None = None
    speaker: str | None = None
    consent: str = "unknown"
    consent_ref: str | None = None
    license: str | None = None
    notes: str | None = None

    def read_prompt(self) -> bytes:
        """The prompt's encoded sound.

        Raises:
            PromptError: the file is not there, is no regular file, is over 256 MiB, or cannot be read.
        """
        if self.content is not None:
            return self.content
        if self.path is None:
            raise PromptError(f"Voice {self.voice} has no recording", wanted="audio bytes or a path")
        try:
            return read_regular(self.path, LARGEST_PROMPT_BYTES)
        except OSError as error:
            raise PromptError(
                f"The recording of voice {self.voice} cannot be read",
                wanted=f"a sound file at {self.path}",
                got=error.strerror or str(error),
            ) from error


def voice_of_file(prompt: Path, consent: str) -> VoiceRow:
    """The one voice of a run that was given a recording in place of a table.

    Raises:
        InputError: a consent that is not one of `CONSENTS`.
    """
    if consent not in CONSENTS:
        raise InputError("The consent is not known", wanted=" or ".join(CONSENTS), got=consent)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", prompt.stem).strip(".-_")[:128]
    return VoiceRow(voice=name or "voice", path=prompt, consent=consent)


def read_voices(path: Path) -> tuple[VoiceRow, ...]:
    """Voices of a Parquet, CSV or JSON Lines table; relative paths start at the table's folder, and may leave it.

    Raises:
        ManifestError: wrong columns or types, missing, unsafe or repeated names, unknown consents; all in one error.
    """
    table = open_table(path, VOICE_COLUMNS)
    problems = [*table.problems, *(f"column {n} is missing" for n in ("voice", "audio") if n not in table.schema.names)]
    rows: list[dict[str, Any]] = []
    if not problems:
        names = [column.name for column in VOICE_COLUMNS if column.name in table.schema.names]
        rows = [row for batch in table.batches(names) for row in batch.to_pylist()]
        problems = _value_problems(rows)
    if problems:
        raise ManifestError(f"{path} is no voices table", got="; ".join(problems), mend="correct the table")
    return tuple(_voice_row(row, path.parent) for row in rows)


def check_consent(voices: Iterable[VoiceRow], *, allow_unknown: bool) -> None:
    """Refuse voices nobody is known to have agreed to.

    Raises:
        InputError: a voice's consent is `unknown` and that was not allowed.
    """
    unknown = [row.voice for row in voices if row.consent == "unknown"]
    if unknown and not allow_unknown:
        raise InputError(
            f"The consent of {len(unknown)} voice{'s' if len(unknown) > 1 else ''} is unknown",
            wanted=f"consent {', '.join(CONSENTS[:-1])} in the voices table",
            got=", ".join(unknown[:10]),
            mend="write the consent into the table, or pass --allow-unknown-consent and answer for it yourself",
        )


def _value_problems(rows: list[dict[str, Any]]) -> list[str]:
    problems = []
    names = Counter(row["voice"] for row in rows)
    for name, count in names.items():
        if name is None or not re.fullmatch(SAFE_ID, name):
            problems.append(f"{name!r} is no name for a voice")
        elif count > 1:
            problems.append(f"voice {name} stands there {count} times")
    strange = sorted({row["consent"] for row in rows if row.get("consent") not in (None, *CONSENTS)})
    if strange:
        problems.append(f"consent {', '.join(strange)} is none of {', '.join(CONSENTS)}")
    problems += [f"voice {row['voice']} has no audio" for row in rows if not row["audio"]]
    return problems if rows else ["it holds no rows"]


def _voice_row(row: dict[str, Any], folder: Path) -> VoiceRow:
    sound = row.pop("audio")
    path = None if sound["path"] is None else folder / sound["path"]
    row["consent"] = row.get("consent") or "unknown"
    return VoiceRow(content=sound["bytes"], path=path, **row)
