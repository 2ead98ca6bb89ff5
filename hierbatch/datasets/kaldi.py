"""Kaldi data folder: `wav.scp`, `utt2spk`, and optionally `text` and `segments`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from hierbatch.datasets.rows import ListedRow, RecordingReference, RejectedRow
from hierbatch.datasets.text_files import read_pairs

TABLE = "wav.scp"


def read_kaldi(path: Path) -> Iterator[ListedRow | RejectedRow]:
    """Read the rows of a Kaldi data folder; relative paths are tried in the working folder, then in the data folder.

    Rows whose entry in `wav.scp` is a command are rejected; the command is not run.

    Raises:
        InputError: `wav.scp` or `utt2spk` is missing.
    """
    folder = path.parent if path.is_file() else path
    recordings = _read_map(folder / TABLE)
    speakers = _read_map(folder / "utt2spk")
    texts = _read_map(folder / "text") if (folder / "text").is_file() else {}
    segments = (
        _read_map(folder / "segments")
        if (folder / "segments").is_file()
        else {utterance: utterance for utterance in recordings}
    )
    for utterance, place in segments.items():
        reason = ""
        reference: RecordingReference | None = None
        if utterance not in speakers:
            reason = f"utt2spk has no line for it. Expected: {utterance} SPEAKER. Fix: add the line."
        else:
            reference, reason = _reference(place.split() or [""], recordings, folder)
        if reference is None:
            yield RejectedRow(id=utterance, reason=f"Utterance {utterance}: {reason}")
        else:
            text = texts.get(utterance, "")
            yield ListedRow(id=utterance, audio=reference, speaker=speakers[utterance], text=text)


def _read_map(path: Path) -> dict[str, str]:
    return {key: rest for _, key, rest in read_pairs(path)}


def _reference(
    segment: list[str], recordings: Mapping[str, str], folder: Path
) -> tuple[RecordingReference | None, str]:
    """Recording of a segment (`RECORDING [START END]`) and an empty string, or None and the reason to reject it."""
    name, *times = segment
    if name not in recordings:
        return None, f"wav.scp has no recording {name}. Expected: {name} PATH. Fix: add the line."
    location = recordings[name]
    if location.endswith("|"):
        return None, "its line in wav.scp is a command, which is not run. Expected: a path. Fix: write the files first."
    path = Path(location)
    if not path.is_absolute() and not path.is_file():
        path = folder / path
    if not times:
        return RecordingReference(path=path), ""
    try:
        start_s, end_s = map(float, times)
    except ValueError:
        start_s = end_s = math.nan
    if not (math.isfinite(start_s) and math.isfinite(end_s)):
        return (
            None,
            f"its segment is invalid. Expected: RECORDING START END. Got: {' '.join(segment)}. Fix: correct it.",
        )
    # A negative end counts as the end of the recording.
    return RecordingReference(path=path, start_s=start_s, end_s=end_s if end_s >= 0 else None), ""
