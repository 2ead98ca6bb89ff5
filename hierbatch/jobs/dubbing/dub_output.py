"""Writing of the dubbed files, into which voice tracks are mixed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import soundfile

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.delivery.dubbing import mix_track
from hierbatch.delivery.media import VIDEO_CODECS, count_samples, expected_samples, is_film, replace_sound
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import InputError, ProgramError, RowError
from hierbatch.jobs.dubbing.dub_report import DubReportRow
from hierbatch.jobs.dubbing.prompt_similarity import PromptSimilarity
from hierbatch.json_object import parse_json_object
from hierbatch.manifest.takes.takes import Takes
from hierbatch.storage import storage_error, write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """Gain in dB of the source audio outside speech: 0 keeps it, lower values attenuate it, None mutes it."""

    gain_db: float | None = 0.0

    def __post_init__(self) -> None:
        if self.gain_db is not None and not -90.0 <= self.gain_db <= 0.0:
            raise InputError(
                "The background gain is out of range",
                expected="keep, off, or -90 to 0 dB",
                got=f"{self.gain_db} dB",
                fix="correct --background",
            )

    @property
    def factor(self) -> float:
        """Gain as an amplitude factor."""
        return 0.0 if self.gain_db is None else amplitude_gain(self.gain_db)


@dataclass(frozen=True)
class DubWriter:
    """Writer of the dubbed files of a run; files that exist and are up to date are not written again."""

    folder: Path
    out: Path
    background: Background
    names: Mapping[str, str]
    """Path of each dubbed file, keyed by the path of its source; see `output_names`."""
    track: str = ""

    def write_files(self, run: Path) -> Iterator[DubReportRow]:
        """Write every file, and yield a row for each file and speaker; a file that fails has one row with the error.

        Raises:
            StorageError: the disk is full.
        """
        takes = Takes(run)
        columns = [
            "id",
            "file",
            "take_key",
            "status",
            "error",
            "flags",
            "timings",
            "settings_json",
            "n_samples",
            "sample_rate_hz",
            "duration_s",
        ]
        sources = {row["id"]: row["source"]["path"] for row in takes.planned(["id", "source"]).to_pylist()}
        for take in takes.table(columns).to_pylist():
            if take["status"] != "ok":
                yield DubReportRow(file=take["file"], error=take["error"])
                continue
            try:
                yield from self._write_file(take, Path(sources[take["id"]]), takes)
            except (RowError, ProgramError) as error:
                yield DubReportRow(file=take["file"], error=str(error))

    def _write_file(self, take: dict[str, Any], source: Path, takes: Takes) -> list[DubReportRow]:
        media = self.folder / take["file"]
        target = self.out / "files" / self.names[take["file"]]
        facts_file = self.out / "work" / f"{take['id']}.json"
        inputs = {"take_key": take["take_key"], "background_db": self.background.gain_db, "track": self.track}
        unchanged = _read_facts(facts_file, inputs, target)
        if unchanged is not None:
            return unchanged
        track = takes.sounds([take["id"]])[take["id"]]
        spans = [(timing["start_s"], timing["end_s"]) for timing in take["timings"]]
        with write_atomically(target) as temporary, TemporaryDirectory(dir=temporary.parent) as work_folder:
            try:
                if is_film(media):
                    mixed = Path(work_folder) / "mixed.flac"
                    mix_track(source, track, spans, background=self.background.factor, target=mixed)
                    replace_sound(media, mixed, temporary, self.track)
                else:
                    mix_track(source, track, spans, background=self.background.factor, target=temporary)
            except (OSError, soundfile.LibsndfileError) as error:
                raise storage_error(error if isinstance(error, OSError) else OSError(str(error)), target) from error
            n_samples = count_samples(temporary)
        # Compared with the packets of the source, so that sound that a decoder lost would show.
        n_expected = expected_samples(media, self.track, take["sample_rate_hz"], take["n_samples"])
        rows = self._report_rows(
            take, target, n_samples - _samples_at(n_expected, take["sample_rate_hz"], target), track
        )
        facts = inputs | {"bytes": target.stat().st_size, "lines": [asdict(row) for row in rows]}
        with write_atomically(facts_file) as temporary:
            temporary.write_text(json.dumps(facts), encoding="utf-8")
        return rows

    def _report_rows(self, take: dict[str, Any], target: Path, length_error: int, track: bytes) -> list[DubReportRow]:
        rows = []
        for segment in json.loads(take["settings_json"])["cast"]:
            spans = [(t["start_s"], t["end_s"]) for t in take["timings"] if t["text"] == segment["speaker"]]
            speech_s = sum(end_s - start_s for start_s, end_s in spans)
            rows.append(
                DubReportRow(
                    file=take["file"],
                    output=target.relative_to(self.out).as_posix(),
                    speaker=segment["speaker"],
                    voice=segment["voice"],
                    duration_s=take["duration_s"],
                    speech_s=round(speech_s, 3),
                    length_error_samples=length_error,
                    speaker_similarity=self._similarity.measure(track, spans, segment["voice"]) if speech_s else None,
                    flags=" ".join(take["flags"]),
                )
            )
        return rows

    @cached_property
    def _similarity(self) -> PromptSimilarity:
        return PromptSimilarity(RunFolder(self.out / "run"))


def _read_facts(facts_file: Path, inputs: dict[str, Any], target: Path) -> list[DubReportRow] | None:
    """Read the report rows of a file that was written before and is up to date; None if it must be written."""
    try:
        facts = parse_json_object(facts_file.read_bytes())
        if target.stat().st_size != facts.pop("bytes"):
            return None
        rows = [DubReportRow(**row) for row in facts.pop("lines")]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return rows if facts == inputs else None


def output_names(files: Sequence[str]) -> dict[str, str]:
    """Path of each dubbed file by source: WAV files and films keep their names, other recordings become FLAC files.

    If another file already has the same name, `.dubbed` is added before the suffix.
    """
    names: dict[str, str] = {}
    taken = set[str]()
    for file in sorted(files, key=lambda file: (_output_name(file) != file, file)):
        name = PurePosixPath(_output_name(file))
        while str(name) in taken:
            name = name.with_name(f"{name.stem}.dubbed{name.suffix}")
        taken.add(str(name))
        names[file] = str(name)
    return names


def _output_name(file: str) -> str:
    path = PurePosixPath(file)
    if path.suffix.lower() in (*VIDEO_CODECS, ".wav") or path.suffix == ".flac":
        return file
    return f"{file}.mkv" if is_film(Path(file)) else f"{file}.flac"


def _samples_at(n_samples: int, rate_hz: int, target: Path) -> int:
    """Expected number of samples of the decoded output; the Opus audio of WebM files is always decoded at 48 kHz."""
    return -(-n_samples * 48_000 // rate_hz) if target.suffix.lower() == ".webm" else n_samples
