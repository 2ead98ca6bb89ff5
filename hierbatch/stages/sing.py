"""Singing stage: phrases of songs and voices in, takes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.frontend.singing.contour import SingingStyle
from hierbatch.frontend.singing.phrases import Song
from hierbatch.manifest.columns.rows import PlannedSong, Timing
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.singing import RenderedSong, SingingModel, render_song
from hierbatch.stages.batching import BatchLimits
from hierbatch.stages.take_maker import Opened, TakeMaker
from hierbatch.stages.takes import pitch_facts, sound_facts
from hierbatch.stages.timings import word_timings
from hierbatch.stages.voices import VoiceStore


@dataclass(frozen=True, slots=True)
class VoicedSong:
    """A song and its encoded voice."""

    song: Song
    voice: Any


class Sing(TakeMaker[PlannedSong, VoicedSong, RenderedSong]):
    """Stage that synthesizes planned songs one by one, each in batches of phrases, and measures the results."""

    reads: ClassVar[tuple[str, ...]] = tuple(field.name for field in fields(PlannedSong))
    source_flags: ClassVar[frozenset[str]] = frozenset({"long_silence"})

    def __init__(self, model: SingingModel, voices: VoiceStore, *, placement: DevicePlacement) -> None:
        """Create the stage.

        Args:
            model: singing model.
            voices: voices of the run.
            placement: device and precision.
        """
        super().__init__(model, voices, device=str(placement), limits=BatchLimits(n_rows=1))
        self._model, self._voices = model, voices

    def read_row(self, row: Mapping[str, Any]) -> PlannedSong:
        """Create a planned song from a plan row."""
        return PlannedSong.from_row(row)

    def open(self, row: PlannedSong) -> VoicedSong:
        """Parse the song and return it with its voice, which is encoded on first use."""
        return VoicedSong(Song.from_json(row.song_json or ""), self._voices.voice(row.voice))

    def length_s(self, item: Opened[PlannedSong, VoicedSong]) -> float:
        """Duration of the score in seconds."""
        return item.row.expected_duration_s

    def make(self, batch: Sequence[Opened[PlannedSong, VoicedSong]]) -> list[RenderedSong]:
        """Synthesize the songs of a batch."""
        return [
            render_song(
                self._model,
                item.source.song,
                item.source.voice,
                seed=item.row.seed,
                transposition="octave" if item.row.transpose_semitones is None else item.row.transpose_semitones,
                style=SingingStyle(vibrato_cents=item.row.vibrato_cents),
            )
            for item in batch
        ]

    def measure(self, item: Opened[PlannedSong, VoicedSong], result: RenderedSong) -> dict[str, Any]:
        """Audio, measures and word timings of a song, as fields of `Take`."""
        facts = sound_facts(result.waveform, item.row.expected_duration_s, item.row.id) | pitch_facts(result.f0_hz)
        return facts | {"timings": tuple(song_timings(item.source.song, result))}

    def settings(self, row: PlannedSong) -> Mapping[str, Any]:
        """Transposition and vibrato of a song; a transposition of None means whole octaves."""
        return {"transpose_semitones": row.transpose_semitones, "vibrato_cents": round(row.vibrato_cents, 3)}

    def texts(self, row: PlannedSong) -> Mapping[str, str]:
        """Words and phonemes of a song."""
        return {"text_norm": row.text_norm, "phonemes": row.phonemes or ""}


def song_timings(song: Song, rendered: RenderedSong) -> Iterator[Timing]:
    """Yield the words of a song with their times, in seconds from the start of the score."""
    for phrase, aligned in zip(song.phrases, rendered.phrases, strict=True):
        start_s = phrase.start_frame / FRAMES_PER_SECOND
        for timing in word_timings(phrase.text, phrase.phonemes, aligned.token_frames, aligned.lead_frames):
            if timing.kind == "word":
                yield Timing(timing.text, start_s + timing.start_s, start_s + timing.end_s, timing.kind)
