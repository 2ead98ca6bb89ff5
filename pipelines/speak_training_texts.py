"""Make the training corpus of the English text-to-vector model: book sentences, synthesized by a small teacher TTS.

    pip install -e '.[teacher]'
    python pipelines/speak_training_texts.py ../shared/texts/en ../shared/texts/epub --out corpora/hibari --hours 12

Copy and edit the books, sentence lengths and voice. Shards are written atomically, so the same command resumes where it
was interrupted, also after books were added. `hierbatch prepare --data` reads the shards.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import encode_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import BookError, TextError
from hierbatch.frontend.books.reading import BOOK_SUFFIXES, read_book
from hierbatch.frontend.sentences import split_sentences
from hierbatch.manifest.columns.schema import AUDIO
from hierbatch.manifest.tables.parquet_writing import write_table

VOICE = "heart"
ROWS_PER_SHARD = 200
CHARACTERS = (15, 220)
DURATION_S = (0.6, 16.0)
SPEEDS = (0.9, 1.1)

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "speaker": pa.string(),
        "language": pa.string(),
        "text": pa.string(),
        "license": pa.string(),
        "source": pa.string(),
        "original_rate_hz": pa.int32(),
        "duration_s": pa.float32(),
        "audio": AUDIO,
    }
)

Speaker = Callable[[str, float, int], Waveform]
"""Synthesizes a text at a speed factor with a seed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("books", type=Path, nargs="+", help="books, or folders of them")
    parser.add_argument("--out", type=Path, required=True, help="folder for the shards")
    parser.add_argument("--hours", type=float, default=12.0, help="total duration to reach, earlier runs included")
    options = parser.parse_args()
    sentences = list(english_sentences(find_books(options.books)))
    # Shuffled, so that a corpus of any length covers every book.
    random.Random(1).shuffle(sentences)
    speak_all(sentences, options.out, options.hours * 3600, load_teacher())


def find_books(paths: Iterable[Path]) -> list[Path]:
    """Books among the files, and in the folders below them."""
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*")))]
    return [file for file in files if file.suffix.lower() in BOOK_SUFFIXES]


def english_sentences(books: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Yield each suitable English sentence once, with the file name of its book."""
    seen: set[str] = set()
    for path in books:
        try:
            book = read_book(path)
        except BookError as error:
            print(f"skipped: {error}", file=sys.stderr)
            continue
        for block in (block for chapter in book.chapters for block in chapter.blocks):
            for text in _usable(block.text):
                if text not in seen:
                    seen.add(text)
                    yield text, path.name


def _usable(paragraph: str) -> Iterator[str]:
    try:
        sentences = split_sentences(paragraph, "en")
    except TextError:
        return
    for sentence in sentences:
        is_plain = not set(sentence.text) & set("[]{}*#@|\\/")
        if sentence.language == "en" and is_plain and CHARACTERS[0] <= len(sentence.text) <= CHARACTERS[1]:
            yield sentence.text


def speak_all(sentences: Iterable[tuple[str, str]], out: Path, target_s: float, speak: Speaker) -> None:
    """Synthesize sentences that no shard contains yet, until the target duration is reached.

    Args:
        sentences: sentences with the file names of their books.
        out: folder of the shards.
        target_s: total duration to reach, existing shards included.
        speak: the teacher.
    """
    done = [pq.read_table(shard, columns=["text", "duration_s"]) for shard in sorted(out.glob("hibari-*.parquet"))]
    spoken = {text for table in done for text in table["text"].to_pylist()}
    total_s = float(sum(sum(table["duration_s"].to_pylist()) for table in done))
    rows: list[dict] = []
    for text, source in sentences:
        if total_s >= target_s:
            break
        if text in spoken or not (row := speak_row(text, source, speak)):
            continue
        rows.append(row)
        total_s += row["duration_s"]
        if len(rows) == ROWS_PER_SHARD:
            write_shard(rows, out, total_s)
            rows = []
    if rows:
        write_shard(rows, out, total_s)


def speak_row(text: str, source: str, speak: Speaker) -> dict | None:
    """Synthesize one sentence deterministically; None if the audio is implausibly short or long.

    Args:
        text: the sentence.
        source: file name of its book.
        speak: the teacher.
    """
    name = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    rng = np.random.default_rng(int(name, 16))
    sound = speak(text, float(rng.uniform(*SPEEDS)), int(rng.integers(1 << 31)))
    if not DURATION_S[0] < sound.duration_s < DURATION_S[1]:
        return None
    return {
        "id": f"hibari-en-{name}",
        "speaker": f"hibari_{VOICE}",
        "language": "en",
        "text": text,
        "license": "Apache-2.0 (synthetic)",
        "source": f"hibari-tts reading {source}",
        "original_rate_hz": sound.rate_hz,
        "duration_s": sound.duration_s,
        "audio": {"bytes": encode_sound(sound), "path": f"{name}.flac"},
    }


def write_shard(rows: list[dict], out: Path, total_s: float) -> None:
    """Write rows as the next shard and print the progress."""
    number = 1 + max((int(path.stem.split("-")[1]) for path in out.glob("hibari-*.parquet")), default=-1)
    path = out / f"hibari-{number:04d}.parquet"
    write_table([pa.Table.from_pylist(rows, schema=SCHEMA)], SCHEMA, path)
    print(f"{path}: {len(rows)} sentences, {total_s / 3600:.2f} h in all", flush=True)


def load_teacher() -> Speaker:
    """Load the teacher TTS; exits if it is not installed."""
    try:
        import hibari
    except ImportError:
        sys.exit("The teacher is not installed. Fix: pip install -e '.[teacher]'")
    teacher = hibari.Hibari(VOICE)

    def speak(text: str, speed: float, seed: int) -> Waveform:
        return Waveform(np.asarray(teacher(text, speed=speed, seed=seed), np.float32), hibari.SAMPLE_RATE)

    return speak


if __name__ == "__main__":
    main()
