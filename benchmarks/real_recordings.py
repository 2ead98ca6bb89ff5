"""Objective checks of `upsample` and `convert` on real recordings, run as user commands.

    python benchmarks/real_recordings.py                    # recordings and weights in ../shared
    python benchmarks/real_recordings.py --recordings 10 --conversions 4 --minutes 2

Recordings at 16 kHz come from the Parquet files in SHARED/speech; some are several consecutive sentences of one reader,
long enough to have segment boundaries. The published SpeechSR-48k in SHARED/weights is imported by `models add`.

Levels are those of the whole recording from 8 to 12 and from 12 to 20 kHz, relative to the level below 8 kHz: median
and minimum over all recordings. The click measure is the largest second difference within 2 ms over its root mean
square within 50 ms, taken at segment boundaries and every 0.1 s elsewhere. Without clicks, about one boundary in a
hundred exceeds the 99th percentile of elsewhere. Speed is the wall time of the whole command, startup and planning
included.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import encode_sound, read_sound
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.constants import FRAME_HOP_SAMPLES, RATE_HZ
from hierbatch.manifest.columns.schema import AUDIO
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.conversion.segments import split_segments
from hierbatch.models.hierspeechpp.files import find_checkpoint_file
from hierbatch.models.upsampling.upsampler import CHUNK_SAMPLES
from hierbatch.training.full_band import read_full_band

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `tools` is not installed
from tools.evaluation.kit import shared_folder

VOICES = Path(__file__).resolve().parent.parent / "manifests" / "voices" / "voices.csv"
TARGETS = ("narrator", "clear", "low", "seoul")
READINGS_FILE = "librispeech_clean5.parquet"
CLIPS_FILES = ("korean_real_clips.parquet", "picovoice_intent.parquet", "librispeech_other_clips.parquet")
READING_S = 45.0
FULL_RATE_HZ = 48_000
BANDS_HZ = ((8_000, 12_000), (12_000, 20_000))
CLICK_S, CONTEXT_S, STEP_S = 0.002, 0.05, 0.1
N_REFERENCES = 20
HEAD = (
    "command", "rows ok", "failed", "exact lengths", "8-12 kHz, dB", "12-20 kHz, dB", "boundaries",
    "clicks at boundaries", "elsewhere", "99 % of elsewhere", "boundaries above it", "x real time",
)  # fmt: skip

FindBoundaries = Callable[[Samples], list[int]]


@dataclass(frozen=True, slots=True)
class SpeechClip:
    """Recording at 16 kHz."""

    id: str
    samples: Samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=shared_folder())
    parser.add_argument("--recordings", type=int, default=100)
    parser.add_argument("--conversions", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=15.0, help="maximum duration of the audio for `upsample`")
    parser.add_argument("--engine", default="ray")
    options = parser.parse_args()
    speech = options.shared / "speech"
    if missing := [name for name in (READINGS_FILE, *CLIPS_FILES) if not (speech / name).is_file()]:
        print(f"Skipped: no recordings in {speech} ({', '.join(missing)})")
        return
    clips = gather(speech, options.recordings, options.minutes * 60)
    print(f"{len(clips)} recordings, {minutes_of(clips):.1f} minutes; load {os.getloadavg()[0]:.1f}\n")
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder, engine = Path(name), ("--engine", options.engine)
        manifest = write_manifest(folder / "recordings.parquet", clips)
        for label, model in upsamplers(options.shared / "weights", folder):
            arguments = ("upsample", manifest, "--rate-hz", FULL_RATE_HZ, "--model", model, *engine)
            report(label, arguments, folder / label.replace(" ", "-"), clips, FULL_RATE_HZ, upsampling_boundaries)
        full_band = [clip.waveform() for clip in read_full_band(speech, held_out_only=True)[:N_REFERENCES]]
        print(row("resampling alone", levels(upsampled(clip) for clip in clips)))
        print(row(f"{len(full_band)} recordings of 44.1 and 48 kHz", levels(full_band)), flush=True)
        chosen = clips[: options.conversions]
        voices = [TARGETS[number % len(TARGETS)] for number in range(len(chosen))]
        manifest = write_manifest(folder / "conversions.parquet", chosen, voice=voices)
        arguments = ("convert", manifest, "--voices", VOICES, *engine)
        report("convert lite", arguments, folder / "converted", chosen, RATE_HZ, conversion_boundaries)


def gather(speech: Path, n: int, limit_s: float) -> list[SpeechClip]:
    """Collect long readings of one reader each, then single clips of many speakers.

    Args:
        speech: folder of the Parquet files.
        n: number of recordings.
        limit_s: maximum total duration.
    """
    n_readings = min(n, max(1, int(limit_s / 3 / 60)))  # a third of the time; a reading lasts at most a minute
    found = readings(speech / READINGS_FILE, n_readings)
    left_s = limit_s - minutes_of(found) * 60
    n_single = n - len(found)
    longest_s = left_s / max(1, n_single)
    for number, name in enumerate(CLIPS_FILES):
        n_wanted = (n_single - (len(found) - n_readings)) // (len(CLIPS_FILES) - number)
        rows = pq.read_table(speech / name, columns=["id", "duration_s", "audio"]).to_pylist()
        short = [one for one in rows if one["duration_s"] <= longest_s]
        step = max(1.0, len(short) / max(1, n_wanted))
        chosen = [short[int(index * step)] for index in range(min(n_wanted, len(short)))]
        found += [SpeechClip(one["id"], decode(one)) for one in chosen]
    return found


def readings(path: Path, n: int) -> list[SpeechClip]:
    """Join consecutive sentences of a reader to about 45 s, for the first `n` readers."""
    by_speaker: dict[str, list[dict]] = {}
    for one in pq.read_table(path, columns=["id", "speaker", "duration_s", "audio"]).to_pylist():
        sentences = by_speaker.setdefault(one["speaker"], [])
        if sum(sentence["duration_s"] for sentence in sentences) < READING_S:
            sentences.append(one)
    chosen = list(by_speaker.items())[:n]
    return [SpeechClip(f"reading-{name}", np.concatenate([decode(one) for one in rows])) for name, rows in chosen]


def decode(row: dict) -> Samples:
    """Decode a row's audio at 16 kHz."""
    sound = read_sound(row["audio"]["bytes"], name=row["id"])
    return resample(sound, RATE_HZ).samples


def write_manifest(path: Path, clips: Sequence[SpeechClip], **columns: Sequence[str]) -> Path:
    """Write a manifest with embedded recordings and additional columns."""
    sources = [{"bytes": encode_sound(Waveform(clip.samples, RATE_HZ)), "path": None} for clip in clips]
    table = {"id": [clip.id for clip in clips], "source": pa.array(sources, AUDIO), **columns}
    pq.write_table(pa.table(table), path, row_group_size=16)
    return path


def upsamplers(weights: Path, folder: Path) -> list[tuple[str, str]]:
    """Label and `--model` value of each SpeechSR model."""
    found = [("upsample speechsr", "speechsr")]
    checkpoint = find_checkpoint_file(weights, "speechsr48k") if weights.is_dir() else None
    if checkpoint is None:
        print(f"Without the published SpeechSR-48k: not found in {weights}")
        return found
    command("models", "add", checkpoint, "--name", "published", "--folder", folder / "models")
    return [("upsample published SpeechSR-48k", str(folder / "models" / "published")), *found]


def command(*arguments: object) -> None:
    """Run a `hierbatch` command; failed rows are allowed, since the table reports them."""
    program = [sys.executable, "-c", "from hierbatch.cli.app import main; main()"]
    done = subprocess.run([*program, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit(f"hierbatch {' '.join(map(str, arguments))} exited with {done.returncode}: {done.stderr}")


def report(
    label: str,
    arguments: Sequence[object],
    out: Path,
    clips: Sequence[SpeechClip],
    rate_hz: int,
    find_boundaries: FindBoundaries,
) -> None:
    """Run a command on the clips and print a table row of its results.

    Args:
        label: first cell of the row.
        arguments: command line, without `--out`.
        out: run folder.
        clips: the recordings of the manifest.
        rate_hz: expected output rate.
        find_boundaries: finds segment boundaries in samples at 16 kHz.
    """
    started_s = time.perf_counter()
    command(*arguments, "--out", out)
    wall_s = time.perf_counter() - started_s
    takes = Takes(out)
    status = takes.table(["status"]).column("status").to_pylist()
    results = [(clip, read_sound(content)) for clip in clips for content in takes.sounds([clip.id]).values()]
    n_exact = sum(
        sound.rate_hz == rate_hz and sound.n_samples == len(clip.samples) * rate_hz // RATE_HZ
        for clip, sound in results
    )
    at_boundaries, elsewhere = _clicks_by_place(results, rate_hz, find_boundaries)
    limit = float(np.quantile(elsewhere, 0.99))
    print(
        row(
            label,
            levels(sound for _, sound in results) if rate_hz == FULL_RATE_HZ else ("-", "-"),
            counts=(str(status.count("ok")), str(status.count("failed")), f"{n_exact} of {len(results)}"),
            boundary=(
                str(len(at_boundaries)),
                f"{np.median(at_boundaries):.1f}" if at_boundaries else "-",
                f"{np.median(elsewhere):.1f}",
                f"{limit:.1f}",
                str(sum(click > limit for click in at_boundaries)),
            ),
            speed=f"{minutes_of(clips) * 60 / wall_s:.1f}",
        ),
        flush=True,
    )


def _clicks_by_place(
    results: Sequence[tuple[SpeechClip, Waveform]], rate_hz: int, find_boundaries: FindBoundaries
) -> tuple[list[float], list[float]]:
    """Clicks at the segment boundaries of all takes, and at other positions, for comparison."""
    at_boundaries: list[float] = []
    elsewhere: list[float] = []
    for clip, sound in results:
        boundaries = [position * rate_hz // RATE_HZ for position in find_boundaries(clip.samples)]
        at_boundaries += clicks(sound, boundaries)
        step = round(STEP_S * rate_hz)
        others = range(step, sound.n_samples - step, step)
        elsewhere += clicks(sound, [o for o in others if all(abs(o - b) > CONTEXT_S * rate_hz for b in boundaries)])
    return at_boundaries, elsewhere


def row(
    label: str,
    level: tuple[str, str],
    counts: Sequence[str] = ("-",) * 3,
    boundary: Sequence[str] = ("-",) * 5,
    speed: str = "-",
) -> str:
    """Format a row of the table; the groups of cells are those of `HEAD`."""
    return f"| {' | '.join((label, *counts, *level, *boundary, speed))} |"


def levels(sounds: Iterable[Waveform]) -> tuple[str, str]:
    """Median and minimum level over recordings, per band."""
    found = np.array([[band_level_db(sound, band) for band in BANDS_HZ] for sound in sounds])
    low, high = (f"{np.median(column):.0f} ({column.min():.0f})" for column in found.T)
    return low, high


def band_level_db(sound: Waveform, band_hz: tuple[int, int]) -> float:
    """Power in a band relative to the power below 8 kHz, in dB."""
    power = np.abs(np.fft.rfft(sound.samples.astype(np.float64))) ** 2
    hz = np.fft.rfftfreq(sound.n_samples, 1 / sound.rate_hz)
    inside = power[(hz >= band_hz[0]) & (hz < band_hz[1])].sum()
    return float(10 * np.log10(max(inside, 1e-30) / power[hz < RATE_HZ / 2].sum()))


def clicks(sound: Waveform, positions: Sequence[int]) -> list[float]:
    """Peak second difference at each position over the local root mean square; positions in silence are skipped."""
    differences = np.diff(sound.samples.astype(np.float64), 2)
    near, context = (round(width_s * sound.rate_hz) for width_s in (CLICK_S, CONTEXT_S))
    found = []
    for position in positions:
        local_rms = np.sqrt((differences[max(0, position - context) : position + context] ** 2).mean())
        if local_rms > 0:
            found.append(float(np.abs(differences[max(0, position - near) : position + near]).max() / local_rms))
    return found


def upsampling_boundaries(samples: Samples) -> list[int]:
    """Segment boundaries of `upsample`, in samples at 16 kHz."""
    return list(range(CHUNK_SAMPLES, len(samples), CHUNK_SAMPLES))


def conversion_boundaries(samples: Samples) -> list[int]:
    """Segment boundaries of `convert`, in samples at 16 kHz."""
    padded = np.pad(samples, (0, -len(samples) % FRAME_HOP_SAMPLES))
    return [start for start, _ in split_segments(padded) if start]


def upsampled(clip: SpeechClip) -> Waveform:
    """Clip resampled to the full rate, without bandwidth extension."""
    return resample(Waveform(clip.samples, RATE_HZ), FULL_RATE_HZ)


def minutes_of(clips: Sequence[SpeechClip]) -> float:
    """Total duration in minutes."""
    return sum(len(clip.samples) for clip in clips) / RATE_HZ / 60


if __name__ == "__main__":
    main()
