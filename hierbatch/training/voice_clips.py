"""Clips of one speaker for fine-tuning: a prepared set from recordings of any length, with held-out clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hierbatch.audio.utterances import UtteranceLimits
from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.datasets.division import divide_row
from hierbatch.datasets.options import DatasetOptions
from hierbatch.datasets.readers import read_dataset
from hierbatch.datasets.rows import DatasetRow, RejectedRow
from hierbatch.errors import InputError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.training.features import FeaturePipeline, ShardResult, write_shard
from hierbatch.training.prepared import PreparedSet, PreparedUtterance
from hierbatch.training.prepared_settings import PreparedSettings, write_settings
from hierbatch.training.row_limits import RowLimits
from hierbatch.training.speech_features import load_features

CLIP_LIMITS = UtteranceLimits(min_duration_s=2.0, max_duration_s=15.0)
MIN_SPEECH_S, MAX_SPEECH_S = 60.0, 3600.0
_MIN_SNR_DB = 10.0
_MIN_CLIPS = 8
_HELD_OUT_SHARE, _MIN_HELD_OUT, _MAX_HELD_OUT = 0.1, 4, 16
_PROMPT_S = (6.0, 15.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceClips:
    """Clips of one speaker: the prepared set, and its training and held-out clips."""

    prepared: PreparedSet
    training: tuple[PreparedUtterance, ...]
    held_out: tuple[PreparedUtterance, ...]

    @property
    def training_s(self) -> float:
        """Total duration of the training clips in seconds."""
        return sum(clip.n_frames for clip in self.training) / FRAMES_PER_SECOND

    @property
    def held_out_s(self) -> float:
        """Total duration of the held-out clips in seconds."""
        return sum(clip.n_frames for clip in self.held_out) / FRAMES_PER_SECOND


def prepare_clips(
    recordings: Sequence[Path], folder: Path, bundle: str, options: DatasetOptions, max_speech_s: float = MAX_SPEECH_S
) -> tuple[RejectedRow, ...]:
    """Divide recordings into clips at pauses and prepare the clips; does nothing if the folder has prepared clips.

    Args:
        recordings: data sets in any layout, without transcripts.
        folder: folder of the prepared set.
        bundle: bundle with the content encoder.
        options: layout and language of the recordings.
        max_speech_s: maximum total duration in seconds; further clips are left out.

    Returns:
        Recordings and clips that were left out.

    Raises:
        InputError: no recording is usable, or the folder was prepared from another bundle.
    """
    features = load_features(f"lite={bundle}")
    settings = PreparedSettings(features=features.info)
    write_settings(folder, settings)
    if (folder / "clips" / "index.parquet").is_file():
        return ()
    limits = RowLimits(
        min_duration_s=CLIP_LIMITS.min_duration_s, max_duration_s=CLIP_LIMITS.max_duration_s, min_snr_db=_MIN_SNR_DB
    )
    pipeline = FeaturePipeline(features=features, front_end=SpeechFrontEnd(), settings=settings, limits=limits)
    shard: ShardResult = write_shard(_clips(recordings, options, max_speech_s), folder / "clips", pipeline)
    if not shard.n_rows:
        raise InputError(
            "No recording can be used",
            expected=f"speech of {CLIP_LIMITS.min_duration_s:g} s or more, {_MIN_SNR_DB:g} dB above its noise",
            got=shard.rejected[0].reason if shard.rejected else "no recordings",
            fix="use other recordings",
        )
    return shard.rejected


def split_clips(folder: Path) -> VoiceClips:
    """Divide clips into training and held-out clips; the latter are evenly spaced over the recordings.

    Raises:
        InputError: there is too little speech.
    """
    prepared = PreparedSet(folder)
    clips = prepared.utterances
    total_s = sum(clip.n_frames for clip in clips) / FRAMES_PER_SECOND
    if len(clips) < _MIN_CLIPS or total_s < MIN_SPEECH_S:
        raise InputError(
            "There is too little speech",
            expected=f"at least {MIN_SPEECH_S:.0f} s in {_MIN_CLIPS} clips; 5 minutes or more are better",
            got=f"{total_s:.0f} s in {len(clips)} clips",
            fix="add recordings",
        )
    n_held_out = min(_MAX_HELD_OUT, max(_MIN_HELD_OUT, round(_HELD_OUT_SHARE * len(clips))))
    numbers = set(np.linspace(0, len(clips) - 1, n_held_out + 2).round().astype(int)[1:-1].tolist())
    return VoiceClips(
        prepared=prepared,
        training=tuple(clip for number, clip in enumerate(clips) if number not in numbers),
        held_out=tuple(clip for number, clip in enumerate(clips) if number in numbers),
    )


def choose_prompt(clips: VoiceClips) -> PreparedUtterance:
    """Choose the training clip of 6 to 15 s with the most typical F0 (closest to the median), or else the longest."""
    shortest, longest = (duration_s * FRAMES_PER_SECOND for duration_s in _PROMPT_S)
    candidates = [clip for clip in clips.training if shortest <= clip.n_frames <= longest]
    if not candidates:
        return max(clips.training, key=lambda clip: clip.n_frames)
    medians = {clip.id: _log_f0_median(clips.prepared, clip) for clip in candidates}
    centre = float(np.median(list(medians.values())))
    return min(candidates, key=lambda clip: abs(medians[clip.id] - centre))


def _log_f0_median(prepared: PreparedSet, clip: PreparedUtterance) -> float:
    f0_hz = prepared.f0_hz(clip)
    voiced = f0_hz[f0_hz > 0]
    return float(np.median(np.log(voiced))) if len(voiced) else 0.0


def _clips(
    recordings: Sequence[Path], options: DatasetOptions, max_speech_s: float
) -> Iterator[DatasetRow | RejectedRow]:
    total_s = 0.0
    for row in read_dataset(recordings, options):
        for clip in [row] if isinstance(row, RejectedRow) else divide_row(row, CLIP_LIMITS):
            if isinstance(clip, DatasetRow):
                if total_s >= max_speech_s:
                    return
                total_s += clip.duration_s
            yield clip
