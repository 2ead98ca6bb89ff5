"""Writing of the dubbed files, into which voice tracks are mixed, and of the report table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.csv_cells import protect_cell
from hierbatch.delivery.dubbing import mix_track
from hierbatch.delivery.media import VIDEO_CODECS, count_samples, expected_samples, is_film, replace_sound
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import InputError, ProgramError, RowError
from hierbatch.json_object import parse_json_object
from hierbatch.manifest.takes import Takes
from hierbatch.stages.voices import read_prompt
from hierbatch.storage import storage_error, write_atomically

if TYPE_CHECKING:
    from hierbatch.models.evaluation.resemblyzer import ResemblyzerEncoder, SpeakerEmbedding

_MIN_COMPARED_S, _MAX_COMPARED_S = 1.0, 600.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DubReportRow:
    """A row of the report, about a file and one of its speakers."""

    file: str
    output: str = ""
    speaker: str = ""
    voice: str = ""
    duration_s: float | None = None
    speech_s: float | None = None
    length_error_samples: int | None = None
    """Number of samples of the decoded output, minus the number expected from the source."""
    speaker_similarity: float | None = None
    """Cosine similarity of the dubbed speech to the target prompt.

    None if the optional speaker network is not installed, or there is less than 1 s of speech.
    """
    flags: str = ""
    error: str = ""


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
        """Write every file, and yield a row for each file and speaker, also of files that failed.

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
            spans = [t for t in take["timings"] if t["text"] == segment["speaker"]]
            speech_s = sum(t["end_s"] - t["start_s"] for t in spans)
            rows.append(
                DubReportRow(
                    file=take["file"],
                    output=target.relative_to(self.out).as_posix(),
                    speaker=segment["speaker"],
                    voice=segment["voice"],
                    duration_s=take["duration_s"],
                    speech_s=round(speech_s, 3),
                    length_error_samples=length_error,
                    speaker_similarity=self._similarity(track, spans, segment["voice"]) if speech_s else None,
                    flags=" ".join(take["flags"]),
                )
            )
        return rows

    def _similarity(self, track: bytes, spans: Sequence[Mapping[str, Any]], voice: str) -> float | None:
        """Cosine similarity of a speaker's first minutes to the target prompt; None if it cannot be measured."""
        if self._network is None:
            return None
        spoken = _read_speech(track, [(span["start_s"], span["end_s"]) for span in spans])
        if spoken.duration_s < _MIN_COMPARED_S:
            return None
        from hierbatch.models.evaluation.resemblyzer import similarity

        return round(similarity(self._network.embed(spoken), self._prompt(voice)), 3)

    @cached_property
    def _network(self) -> ResemblyzerEncoder | None:
        # Imported here: the driver of a run needs no torch.
        from hierbatch.models.evaluation.resemblyzer import ResemblyzerEncoder, find_resemblyzer_weights

        return ResemblyzerEncoder.load() if find_resemblyzer_weights() else None

    @cached_property
    def _prompts(self) -> dict[str, SpeakerEmbedding]:
        return {}

    def _prompt(self, voice: str) -> SpeakerEmbedding:
        if voice not in self._prompts:
            assert self._network is not None
            folder = RunFolder(self.out / "run")
            voice_table = folder.voices_file(folder.newest_generation())
            self._prompts[voice] = self._network.embed(read_prompt(voice_table, voice))
        return self._prompts[voice]


def _read_speech(track: bytes, spans: Sequence[tuple[float, float]]) -> Waveform:
    """Read the first minutes of speech in some spans of an encoded voice track, which may be hours long."""
    excerpts: list[Samples] = [np.zeros(0, np.float32)]
    with soundfile.SoundFile(io.BytesIO(track)) as sound:
        n_left = int(_MAX_COMPARED_S * sound.samplerate)
        for start_s, end_s in sorted(spans):
            sound.seek(min(sound.frames, int(start_s * sound.samplerate)))
            n_wanted = int(end_s * sound.samplerate) - int(start_s * sound.samplerate)
            excerpts.append(sound.read(min(n_wanted, n_left), dtype="float32"))
            n_left -= len(excerpts[-1])
        return Waveform(np.concatenate(excerpts), sound.samplerate)


def write_dub_report(rows: Iterable[DubReportRow], target: Path) -> None:
    """Write the report as CSV, sorted by file and speaker."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, [field.name for field in fields(DubReportRow)], lineterminator="\n")
    writer.writeheader()
    for row in sorted(rows, key=lambda row: (row.file, row.speaker)):
        cells = asdict(row)
        writer.writerow({name: protect_cell(cell) if isinstance(cell, str) else cell for name, cell in cells.items()})
    with write_atomically(target) as temporary:
        temporary.write_text(sink.getvalue(), encoding="utf-8")


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
    """Path of each dubbed file: WAV files and films keep their names, other recordings become FLAC files.

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
