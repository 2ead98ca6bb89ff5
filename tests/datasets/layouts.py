"""The same three utterances of two speakers, in every layout."""

import io
import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile

RATE_HZ = 16_000
SPEAKERS = ("101", "101", "202")
TEXTS = ("Hello there.", "It is late.", "Good night.")
DURATIONS_S = (1.0, 1.5, 0.75)


def encoded(duration_s: float, container: str = "WAV", rate_hz: int = RATE_HZ) -> bytes:
    content = io.BytesIO()
    times = np.arange(round(duration_s * rate_hz)) / rate_hz
    soundfile.write(content, (0.2 * np.sin(2 * np.pi * 180 * times)).astype(np.float32), rate_hz, format=container)
    return content.getvalue()


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def folder(root):
    for speaker, number, text, duration_s, suffix in zip(
        SPEAKERS, (0, 1, 2), TEXTS, DURATIONS_S, ("wav", "flac", "mp3"), strict=True
    ):
        write(root / speaker / f"u{number}.{suffix}", encoded(duration_s, suffix.upper()))
        write(root / speaker / f"u{number}.txt", text + "\n")
    write(root / "101" / "._u0.wav", b"resource fork of another file system")


def ljspeech(root):
    lines = [f"u{n}|{text.upper()}|{text}" for n, text in enumerate(TEXTS)]
    write(root / "metadata.csv", "\n".join(lines) + "\n")
    for n, duration_s in enumerate(DURATIONS_S):
        write(root / "wavs" / f"u{n}.wav", encoded(duration_s))


def _libri_id(n, separator):
    return separator.join((SPEAKERS[n], "7", f"{n:04d}"))


def librispeech(root):
    for n, duration_s in enumerate(DURATIONS_S):
        chapter = root / "dev-clean" / SPEAKERS[n] / "7"
        write(chapter / f"{_libri_id(n, '-')}.flac", encoded(duration_s, "FLAC"))
        with (chapter / f"{SPEAKERS[n]}-7.trans.txt").open("a") as transcripts:
            transcripts.write(f"{_libri_id(n, '-')} {TEXTS[n]}\n")


def libritts(root):
    for n, duration_s in enumerate(DURATIONS_S):
        path = root / SPEAKERS[n] / "7" / _libri_id(n, "_")
        write(path.with_suffix(".wav"), encoded(duration_s, rate_hz=24_000))
        write(path.with_suffix(".normalized.txt"), TEXTS[n])
        write(path.with_suffix(".original.txt"), "not read: " + TEXTS[n])


def common_voice(root):
    lines = ["client_id\tpath\tsentence\tup_votes\tlocale"]
    for n, text in enumerate(TEXTS):
        lines.append(f"{SPEAKERS[n]}\tu{n}.mp3\t{text}\t2\ten")
        write(root / "clips" / f"u{n}.mp3", encoded(DURATIONS_S[n], "MP3"))
    write(root / "validated.tsv", "\n".join(lines))


def kaldi(root):
    whole = np.concatenate([np.full(round(s * RATE_HZ), 0.1 * (n + 1), np.float32) for n, s in enumerate(DURATIONS_S)])
    content = io.BytesIO()
    soundfile.write(content, whole, RATE_HZ, format="WAV")
    write(root / "session.wav", content.getvalue())
    write(root / "wav.scp", "session session.wav\n")
    starts = np.concatenate([[0.0], np.cumsum(DURATIONS_S)])
    write(root / "segments", "".join(f"u{n} session {starts[n]} {starts[n + 1]}\n" for n in range(3)))
    write(root / "text", "".join(f"u{n} {text}\n" for n, text in enumerate(TEXTS)))
    write(root / "utt2spk", "".join(f"u{n}\t{speaker}\n" for n, speaker in enumerate(SPEAKERS)))


def nikl(root, encoding="utf-16"):
    lines = ["읽을거리", "", "<1> 첫째 글", *(f"{n + 1}. {text}" for n, text in enumerate(TEXTS[:2]))]
    lines += ["<2> 둘째 글", f"1.{TEXTS[2]}"]
    write(root / "script_nmbd_by_sentence.txt", "\n".join(lines).encode(encoding))
    for n, (text_number, sentence) in enumerate(((1, 1), (1, 2), (2, 1))):
        name = f"{SPEAKERS[n]}_t{text_number:02d}_s{sentence:02d}.wav"
        write(root / SPEAKERS[n] / name, encoded(DURATIONS_S[n]))


def _table_rows():
    return [{"id": f"u{n}", "speaker": SPEAKERS[n], "language": "en", "text": text} for n, text in enumerate(TEXTS)]


def parquet(root):
    rows = [
        row | {"audio": {"bytes": encoded(duration_s, "FLAC"), "path": None}}
        for row, duration_s in zip(_table_rows(), DURATIONS_S, strict=True)
    ]
    root.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows[:2]), root / "a.parquet")
    pq.write_table(pa.Table.from_pylist(rows[2:]), root / "b.parquet")


def json_lines(root):
    for n, duration_s in enumerate(DURATIONS_S):
        write(root / "clips" / f"{n}.wav", encoded(duration_s))
    rows = [row | {"audio": f"clips/{n}.wav"} for n, row in enumerate(_table_rows())]
    write(root / "rows.jsonl", "\n".join(map(json.dumps, rows)))
    return root / "rows.jsonl"


LAYOUTS = {
    "folder": folder,
    "ljspeech": ljspeech,
    "librispeech": librispeech,
    "libritts": libritts,
    "common-voice": common_voice,
    "kaldi": kaldi,
    "nikl": nikl,
    "manifest": parquet,
}


def clear(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()
