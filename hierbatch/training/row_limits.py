"""Limits on recordings and transcripts for training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from hierbatch.option import Option, OptionGroup

if TYPE_CHECKING:  # the command line imports this module, and NumPy only when it works
    from hierbatch.audio.waveform import Waveform


@dataclass(frozen=True, kw_only=True)
class RowLimits(OptionGroup):
    """Limits on the recordings of a prepared set; a row outside the limits is left out, and the reason is recorded."""

    TITLE: ClassVar[str] = "Filters"

    min_duration_s: Annotated[float, Option("Shortest recording, in seconds.", minimum=0.1, maximum=60.0)] = 0.6
    max_duration_s: Annotated[float, Option("Longest recording, in seconds.", minimum=1.0, maximum=600.0)] = 30.0
    min_snr_db: Annotated[float | None, Option("Lowest level of the speech above the noise floor, in dB.")] = None
    max_clipped_samples: Annotated[int | None, Option("Largest number of samples at full scale.")] = None
    max_cer: Annotated[
        float, Option("Highest character error rate of a transcript, where the data has a column cer.")
    ] = 0.35
    max_duration_ratio: Annotated[
        float, Option("Largest ratio of the duration to that expected for the text, or of its inverse.")
    ] = 3.5

    def reject_duration(self, duration_s: float) -> str:
        """Reason to leave out a recording because of its duration; empty to keep it."""
        if duration_s < self.min_duration_s:
            return f"It is shorter than {self.min_duration_s:g} s: {duration_s:.2f} s. Fix: lower --min-duration-s."
        if duration_s > self.max_duration_s:
            return (
                f"It is longer than {self.max_duration_s:g} s: {duration_s:.1f} s. "
                "Fix: divide it with `hierbatch intake`, or raise --max-duration-s."
            )
        return ""

    def reject_sound(self, waveform: Waveform) -> tuple[str, float | None]:
        """Reason to leave out a decoded recording (empty to keep it), and its signal-to-noise ratio in dB, if known."""
        from hierbatch.audio.quality import measure_take

        quality = measure_take(waveform)
        if self.min_snr_db is not None and quality.snr_db is not None and quality.snr_db < self.min_snr_db:
            reason = f"It is noisy: {quality.snr_db:.1f} dB over the noise floor. Fix: lower --min-snr-db."
        elif self.max_clipped_samples is not None and quality.clipped_samples > self.max_clipped_samples:
            reason = f"It is clipped: {quality.clipped_samples} samples. Fix: raise --max-clipped-samples."
        else:
            reason = ""
        return reason, quality.snr_db

    def accepts_text(self, duration_s: float, expected_s: float, cer: float | None) -> bool:
        """True if a transcript fits its recording in length and error rate.

        Args:
            duration_s: length of the recording in seconds.
            expected_s: expected length in seconds of speech with the phonemes of the transcript.
            cer: character error rate of a speech recognizer, if known.
        """
        ratio = max(duration_s / max(expected_s, 1e-3), expected_s / max(duration_s, 1e-3))
        return ratio <= self.max_duration_ratio and (cer or 0.0) <= self.max_cer
