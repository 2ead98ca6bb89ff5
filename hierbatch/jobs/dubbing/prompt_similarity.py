"""Similarity of dubbed speech to the prompts of its target voices, if the optional speaker network is installed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.engine.run_folder import RunFolder
from hierbatch.stages.voices import read_prompt

if TYPE_CHECKING:
    from hierbatch.models.evaluation.resemblyzer import ResemblyzerEncoder, SpeakerEmbedding

_MIN_COMPARED_S, _MAX_COMPARED_S = 1.0, 600.0


class PromptSimilarity:
    """Comparison of speech with the prompts of a run.

    Args:
        folder: the run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def measure(self, track: bytes, spans: Sequence[tuple[float, float]], voice: str) -> float | None:
        """Measure the similarity of a speaker's first minutes to the target prompt.

        Args:
            track: encoded voice track.
            spans: start and end of the speaker's speech, in seconds.
            voice: name of the target voice.

        Returns:
            Cosine similarity; None without the optional speaker network, or for less than 1 s of speech.
        """
        if self._network is None:
            return None
        spoken = _read_speech(track, spans)
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
            voice_table = self._folder.voices_file(self._folder.newest_generation())
            self._prompts[voice] = self._network.embed(read_prompt(voice_table, voice))
        return self._prompts[voice]


def _read_speech(track: bytes, spans: Sequence[tuple[float, float]]) -> Waveform:
    """Read the first minutes of speech in spans (in seconds) of an encoded voice track, which may be hours long."""
    segments: list[Samples] = [np.zeros(0, np.float32)]
    with soundfile.SoundFile(io.BytesIO(track)) as sound:
        n_left = int(_MAX_COMPARED_S * sound.samplerate)
        for start_s, end_s in sorted(spans):
            sound.seek(min(sound.frames, int(start_s * sound.samplerate)))
            n_wanted = int(end_s * sound.samplerate) - int(start_s * sound.samplerate)
            segments.append(sound.read(min(n_wanted, n_left), dtype="float32"))
            n_left -= len(segments[-1])
        return Waveform(np.concatenate(segments), sound.samplerate)
