"""Voice tracks to finished files, each once, and a table of what was made."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import InputError, ProgramError, RowError
from hierbatch.export.dubbing import mix_track
from hierbatch.export.media import VIDEO_CODECS, count_samples, replace_sound
from hierbatch.manifest.takes import Takes
from hierbatch.stages.voices import read_prompt
from hierbatch.storage import storage_error, write_whole

if TYPE_CHECKING:
    from hierbatch.models.judges.speaker_network import Embedding, SpeakerNetwork

_SHORTEST_COMPARED_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What becomes of a recording outside speech: kept at 0 dB, lowered below, silent at None."""

    gain_db: float | None = 0.0

    def __post_init__(self) -> None:
        if self.gain_db is not None and not -90.0 <= self.gain_db <= 0.0:
            raise InputError(
                "The background cannot be set so", wanted="keep, off, or -90 to 0 dB", got=f"{self.gain_db} dB"
            )

    @property
    def factor(self) -> float:
        return 0.0 if self.gain_db is None else amplitude_gain(self.gain_db)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A line of the table: one file and one of its speakers."""

    file: str
    output: str = ""
    speaker: str = ""
    voice: str = ""
    duration_s: float | None = None
    speech_s: float | None = None
    length_error_samples: int | None = None
    """Samples of the delivered sound, decoded, above those of the source."""
    speaker_similarity: float | None = None
    """To the target's prompt, by the optional speaker network; empty where it is not installed."""
    flags: str = ""
    error: str = ""


@dataclass(frozen=True)
class Delivery:
    """Makes the files of one run; what stands already and is still right is left as it is."""

    folder: Path
    out: Path
    background: Background

    def deliver(self, run: Path) -> Iterator[Delivered]:
        """A line for each file and speaker, failed files too.

        Raises:
            StorageError: the disk is full.
        """
        takes = Takes(run)
        columns = ["id", "file", "take_key", "status", "error", "flags", "timings", "params", "n_samples", "duration_s"]
        sources = {row["id"]: row["source"]["path"] for row in takes.planned(["id", "source"]).to_pylist()}
        for take in takes.table(columns).to_pylist():
            if take["status"] != "ok":
                yield Delivered(file=take["file"], error=take["error"])
                continue
            try:
                yield from self._deliver(take, Path(sources[take["id"]]), takes)
            except (RowError, ProgramError) as error:
                yield Delivered(file=take["file"], error=str(error))

    def _deliver(self, take: dict[str, Any], source: Path, takes: Takes) -> list[Delivered]:
        media = self.folder / take["file"]
        target = self.out / "files" / take["file"]
        if media.suffix.lower() not in (*VIDEO_CODECS, ".wav"):
            target = target.with_name(f"{media.stem}.flac" if media.suffix == ".flac" else f"{media.name}.flac")
        facts_file = self.out / "work" / f"{take['id']}.json"
        made_of = {"take_key": take["take_key"], "background_db": self.background.gain_db}
        known = _known_facts(facts_file, made_of, target)
        if known is not None:
            return known
        track = takes.sounds([take["id"]])[take["id"]]
        spans = [(timing["start_s"], timing["end_s"]) for timing in take["timings"]]
        with write_whole(target) as aside, TemporaryDirectory(dir=aside.parent) as beside:
            try:
                if media.suffix.lower() in VIDEO_CODECS:
                    mixed = Path(beside) / "mixed.flac"
                    mix_track(source, track, spans, background=self.background.factor, target=mixed)
                    replace_sound(media, mixed, aside)
                else:
                    mix_track(source, track, spans, background=self.background.factor, target=aside)
            except (OSError, soundfile.LibsndfileError) as error:
                raise storage_error(error if isinstance(error, OSError) else OSError(str(error)), target) from error
            n_samples = count_samples(aside)
        lines = self._lines(take, target, n_samples, track)
        facts = made_of | {"bytes": target.stat().st_size, "lines": [asdict(line) for line in lines]}
        with write_whole(facts_file) as aside:
            aside.write_text(json.dumps(facts), encoding="utf-8")
        return lines

    def _lines(self, take: dict[str, Any], target: Path, n_samples: int, track: bytes) -> list[Delivered]:
        sound = read_sound(track)
        lines = []
        for part in json.loads(take["params"])["cast"]:
            spans = [t for t in take["timings"] if t["text"] == part["speaker"]]
            heard = [sound.samples[int(t["start_s"] * sound.rate_hz) : int(t["end_s"] * sound.rate_hz)] for t in spans]
            spoken = Waveform(np.concatenate([np.zeros(0, np.float32), *heard]), sound.rate_hz)
            lines.append(
                Delivered(
                    file=take["file"],
                    output=target.relative_to(self.out).as_posix(),
                    speaker=part["speaker"],
                    voice=part["voice"],
                    duration_s=take["duration_s"],
                    speech_s=round(spoken.duration_s, 3),
                    length_error_samples=n_samples - _samples_at(take, sound.rate_hz, target),
                    speaker_similarity=self._similarity(spoken, part["voice"]),
                    flags=" ".join(take["flags"]),
                )
            )
        return lines

    def _similarity(self, spoken: Waveform, voice: str) -> float | None:
        if self._network is None or spoken.duration_s < _SHORTEST_COMPARED_S:
            return None
        from hierbatch.models.judges.speaker_network import similarity

        return round(similarity(self._network.embed(spoken), self._prompt(voice)), 3)

    @cached_property
    def _network(self) -> SpeakerNetwork | None:
        # Here: while the run goes, its driver needs no torch.
        from hierbatch.models.judges.speaker_network import SpeakerNetwork, find_speaker_network

        return SpeakerNetwork.load() if find_speaker_network() else None

    @cached_property
    def _prompts(self) -> dict[str, Embedding]:
        return {}

    def _prompt(self, voice: str) -> Embedding:
        if voice not in self._prompts:
            assert self._network is not None
            folder = RunFolder(self.out / "run")
            shelf = folder.voices_file(folder.newest_planned())
            self._prompts[voice] = self._network.embed(read_prompt(shelf, voice))
        return self._prompts[voice]


def write_report(lines: Iterable[Delivered], target: Path) -> None:
    """The table as CSV."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, [field.name for field in fields(Delivered)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(line) for line in sorted(lines, key=lambda line: (line.file, line.speaker)))
    with write_whole(target) as aside:
        aside.write_text(sink.getvalue(), encoding="utf-8")


def _known_facts(facts_file: Path, made_of: dict[str, Any], target: Path) -> list[Delivered] | None:
    """Lines of a file that was delivered before and stands as it was left."""
    try:
        facts = json.loads(facts_file.read_text(encoding="utf-8"))
        if target.stat().st_size != facts.pop("bytes"):
            return None
        lines = [Delivered(**line) for line in facts.pop("lines")]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return lines if facts == made_of else None


def _samples_at(take: dict[str, Any], rate_hz: int, target: Path) -> int:
    """Samples the delivered sound should have: Opus always speaks at 48 kHz."""
    if target.suffix.lower() == ".webm" and rate_hz != 48_000:
        return -(-take["n_samples"] * 48_000 // rate_hz)
    return int(take["n_samples"])
