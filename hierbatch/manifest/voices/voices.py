"""Voices table of a run, with the consent of the speakers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hierbatch.constants import AUDIO_SUFFIXES
from hierbatch.errors import InputError, ManifestError, PromptError
from hierbatch.manifest.columns.schema import VOICE_COLUMNS
from hierbatch.manifest.tables.checks import SAFE_ID
from hierbatch.manifest.tables.headers import missing_columns
from hierbatch.manifest.tables.recordings_folder import list_recordings
from hierbatch.manifest.tables.store import open_table
from hierbatch.manifest.voices.voice_file import (
    VOICE_FILE_SUFFIX,
    VoiceFile,
    is_voice_file,
    parse_voice_file,
    read_voice_file,
)
from hierbatch.names import clean_name, find_path
from hierbatch.storage import read_regular_file

CONSENTS = ("self", "licensed", "public_domain", "synthetic", "unknown")

MAX_PROMPT_BYTES = 256 << 20
_SUFFIXES = (*AUDIO_SUFFIXES, VOICE_FILE_SUFFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceRow:
    """A voice: its prompt, given as a path or as the bytes of the file, and the consent of its speaker."""

    voice: str
    content: bytes | None = None
    path: Path | None = None
    language: str | None = None
    speaker: str | None = None
    consent: str = "unknown"
    consent_ref: str | None = None
    license: str | None = None
    notes: str | None = None

    def read_prompt(self) -> bytes:
        """Read the prompt, and return its encoded audio.

        Raises:
            PromptError: the voice has no recording, or the file is missing, not a regular file, larger than 256 MiB, or
                unreadable.
        """
        if self.content is not None:
            return self.content
        if self.path is None:
            raise PromptError(
                f"Voice {self.voice} has no recording", expected="audio bytes or a path", fix="add a recording"
            )
        try:
            return read_regular_file(self.path, MAX_PROMPT_BYTES)
        except OSError as error:
            raise PromptError(
                f"The recording of voice {self.voice} cannot be read",
                expected=f"an audio file at {self.path}",
                got=error.strerror or str(error),
                fix="check the path and the permissions of the file",
            ) from error


def voice_from_file(prompt: Path, consent: str) -> VoiceRow:
    """Voice of a single recording or voice file, without a voices table; a voice file contains its own consent.

    Raises:
        InputError: `consent` is not in `CONSENTS`.
        PromptError: a voice file is damaged.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", prompt.stem).strip(".-_")[:128] or "voice"
    if prompt.suffix.lower() == VOICE_FILE_SUFFIX:
        return _with_origin(VoiceRow(voice=name, path=prompt), read_voice_file(prompt))
    if consent not in CONSENTS:
        raise InputError("Unknown consent", expected=" or ".join(CONSENTS), got=consent, fix="change --consent")
    return VoiceRow(voice=name, path=prompt, consent=consent)


def voices_from_folder(folder: Path, consent: str) -> tuple[VoiceRow, ...]:
    """Voices of a folder of recordings and voice files, named after the files.

    Args:
        folder: folder of recordings and voice files.
        consent: consent of the speakers of all recordings; voice files contain their own.

    Raises:
        PromptError: a voice file is damaged.
        ManifestError: there are no recordings, or two have the same name.
        InputError: `consent` is not in `CONSENTS`.
    """
    rows = tuple(voice_from_file(path, consent) for path in list_recordings(folder, _SUFFIXES))
    counts = Counter(row.voice for row in rows)
    if repeated := sorted(name for name, n_files in counts.items() if n_files > 1):
        raise ManifestError(
            f"Recordings in {folder} have the same name", got=", ".join(repeated[:10]), fix="rename one of each"
        )
    return rows


def read_voices(path: Path) -> tuple[VoiceRow, ...]:
    """Read a voices table (Parquet, CSV or JSON Lines).

    Paths of recordings are relative to the folder of the table, and may leave that folder with `..`.

    Raises:
        ManifestError: wrong columns or types, missing, unsafe or duplicate names, unknown consents, damaged voice
            files; all problems in one error.
    """
    table = open_table(path, VOICE_COLUMNS)
    problems = [*table.problems, *missing_columns(table.schema.names, ("voice", "audio"))]
    rows: list[dict[str, Any]] = []
    if not problems:
        names = [column.name for column in VOICE_COLUMNS if column.name in table.schema.names]
        rows = [row for batch in table.batches(names) for row in batch.to_pylist()]
        problems = _value_problems(rows)
    if problems:
        raise ManifestError(f"{path} is not a valid voices table", got="; ".join(problems), fix="correct the table")
    voices = [_voice_row(row, path.parent) for row in rows]
    found, problems = [], []
    for voice in voices:
        try:
            found.append(_of_voice_file(voice))
        except PromptError as error:
            problems.append(str(error))
    if problems:
        raise ManifestError(f"{path} names unusable voice files", got="; ".join(problems), fix="correct the table")
    return tuple(found)


def check_consent(voices: Iterable[VoiceRow], *, allow_unknown: bool) -> None:
    """Check that the consent of the speaker of every voice is known.

    Raises:
        InputError: the consent of a voice is `unknown` and `allow_unknown` is False.
    """
    unknown = [row.voice for row in voices if row.consent == "unknown"]
    if unknown and not allow_unknown:
        raise InputError(
            f"The consent of {len(unknown)} voice{'s' if len(unknown) > 1 else ''} is unknown",
            expected=f"consent {', '.join(CONSENTS[:-1])} in the voices table",
            got=", ".join(unknown[:10]),
            fix="add the consent to the table, or pass --allow-unknown-consent and take the responsibility yourself",
        )


def _value_problems(rows: list[dict[str, Any]]) -> list[str]:
    problems = []
    names = Counter(row["voice"] for row in rows)
    for name, count in names.items():
        if name is None or not re.fullmatch(SAFE_ID, name):
            problems.append(f"{name!r} is not a valid voice name")
        elif count > 1:
            problems.append(f"voice {name} occurs {count} times")
    unknown = sorted({row["consent"] for row in rows if row.get("consent") not in (None, *CONSENTS)})
    if unknown:
        problems.append(f"consent {', '.join(unknown)} is none of {', '.join(CONSENTS)}")
    problems += [f"voice {row['voice']} has no audio" for row in rows if not row["audio"]]
    return problems if rows else ["the table has no rows"]


def _of_voice_file(voice: VoiceRow) -> VoiceRow:
    """The voice with consent and license from its voice file; a voice with a recording is returned unchanged."""
    if voice.content is not None and is_voice_file(voice.content):
        return _with_origin(voice, parse_voice_file(voice.content, f"The file of voice {voice.voice}"))
    if voice.path is not None and voice.path.suffix.lower() == VOICE_FILE_SUFFIX:
        return _with_origin(voice, read_voice_file(voice.path))
    return voice


def _with_origin(voice: VoiceRow, file: VoiceFile) -> VoiceRow:
    if file.consent not in CONSENTS:
        raise PromptError(f"Voice {voice.voice} has an unknown consent", expected=", ".join(CONSENTS), got=file.consent)
    return replace(
        voice,
        consent=file.consent,
        consent_ref=file.consent_ref,
        license=file.license,
        language=voice.language or file.language,
        notes=voice.notes or file.description or None,
    )


def _voice_row(row: dict[str, Any], folder: Path) -> VoiceRow:
    sound = row.pop("audio")
    path = None if sound["path"] is None else find_path(folder / sound["path"])
    row["speaker"] = clean_name(row.get("speaker") or "") or None
    row["consent"] = row.get("consent") or "unknown"
    return VoiceRow(content=sound["bytes"], path=path, **row)
