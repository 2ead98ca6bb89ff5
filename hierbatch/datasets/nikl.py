"""Corpus of read speech of the National Institute of Korean Language: `fv01/fv01_t01_s01.wav` and one script file.

The script numbers its texts in lines `<1> TITLE` and the sentences of each text in lines `1. SENTENCE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hierbatch.datasets.rows import ListedRow, RecordingReference, RejectedRow
from hierbatch.datasets.text_files import audio_files, read_lines
from hierbatch.errors import InputError

SCRIPT = "script_nmbd_by_sentence.txt"
_ENCODINGS = ("utf-8-sig", "utf-16", "cp949")
_TEXT, _SENTENCE = re.compile(r"<\s*(\d{1,9})"), re.compile(r"(\d{1,9})\s*\.\s*(.+)")
_NAME = re.compile(r"(.+)_t(\d+)_s(\d+)$")


def read_nikl(path: Path) -> Iterator[ListedRow | RejectedRow]:
    """Read the rows of the corpus.

    Raises:
        InputError: the script is missing or has no sentences.
    """
    sentences = _read_script(path / SCRIPT)
    for file in audio_files(path):
        name = _NAME.match(file.stem)
        key = (int(name[2]), int(name[3])) if name else None
        if name is None or key not in sentences:
            expected = "a name such as fv01_t01_s01" if name is None else f"text {name[2]}, sentence {name[3]}"
            yield RejectedRow(
                id=file.stem, reason=f"{file} has no sentence in the script. Expected: {expected}. Fix: check the name."
            )
            continue
        recording = RecordingReference(path=file)
        yield ListedRow(id=file.stem, audio=recording, speaker=name[1], language="ko", text=sentences[key])


def _read_script(path: Path) -> dict[tuple[int, int], str]:
    """Read the sentences, keyed by (number of the text, number of the sentence)."""
    sentences: dict[tuple[int, int], str] = {}
    number = 0
    for line in read_lines(path, _ENCODINGS):
        if heading := _TEXT.match(line.strip()):
            number = int(heading[1])
        elif number and (sentence := _SENTENCE.match(line.strip())):
            sentences[number, int(sentence[1])] = sentence[2]
    if not sentences:
        raise InputError(
            f"{path} has no sentences",
            expected="lines `<1> TITLE`, each followed by lines `1. SENTENCE`",
            fix="check that the file is the script of the corpus",
        )
    return sentences
