"""Pitch of rendered songs against their scores, and of converted songs against their sources.

    python benchmarks/singing.py [--voices narrator,low,clear,seoul] [--songs twinkle,amazing_grace,arirang]
        [--transpose octave] [--vibrato-cents 25] [--recognizer FOLDER] [--phrases N] [--convert] [--picture FILE]

Harvest measures the rendered sound. A note of 200 ms or more counts 60 ms from its ends; it is right if its median is
within 20 cents of the score. The error of frames is that of the voiced ones, by its median and 90th percentile.
"second %" is the share of notes whose median is within 20 cents of the score by a second tracker too, the normalized
difference of McLeod and Wyvill (2005). With a recognizer, the character errors of the sung words are printed beside
those of the same words spoken. The song `range` (with `--transpose 0`) is a scale in minor thirds from 131 to 900 Hz.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hierbatch.audio.files import read_sound
from hierbatch.audio.pitch import estimate_song_f0
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import MEL_FRAMES_PER_SECOND, MELS_PER_FRAME
from hierbatch.frontend.edit_distance import character_error_rate
from hierbatch.frontend.scores.reading import read_score
from hierbatch.frontend.scores.score import MusicScore, Note
from hierbatch.frontend.singing.contour import SingingStyle, phrase_contour, pitch_to_hz
from hierbatch.frontend.singing.phrases import Song
from hierbatch.frontend.singing.song import song_from_score
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.conversion.interface import parse_pitch
from hierbatch.models.conversion.recording import convert_recording
from hierbatch.models.evaluation.speech_recognizer import SpeechRecognizer, load_recognizer
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.singing import RenderedSong, parse_transposition, render_song
from hierbatch.models.speech import SpeechRequest

MANIFESTS = Path(__file__).parents[1] / "manifests"
SHORTEST_S, EDGE_S, LIMIT_CENTS = 0.2, 0.06, 20.0

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PitchErrors:
    """Errors of a rendered song in cents: medians of notes, and voiced frames; with the share of voiced frames."""

    notes: Values
    frames: Values
    voiced: float

    @property
    def right(self) -> float:
        """Percent of notes within the limit."""
        return 100 * float((self.notes < LIMIT_CENTS).mean())


def measure(f0_hz: Values, song: Song, semitones: float) -> PitchErrors:
    """Compare an F0 contour of 100 values a second with the notes of a song."""
    notes, frames, n_frames = [], [], 0
    for phrase in song.phrases:
        for note in phrase.notes:
            start, end = ((phrase.start_frame + frame) * MELS_PER_FRAME for frame in (note.onset_frame, note.end_frame))
            if end - start < SHORTEST_S * MEL_FRAMES_PER_SECOND:
                continue
            edge = round(EDGE_S * MEL_FRAMES_PER_SECOND)
            found = f0_hz[start + edge : end - edge]
            n_frames += len(found)
            cents = 1200 * np.log2(found[found > 0] / pitch_to_hz(note.pitch + semitones))
            notes.append(abs(float(np.median(cents))) if len(cents) else np.inf)
            frames.append(np.abs(cents))
    errors = np.concatenate(frames)
    return PitchErrors(np.array(notes, np.float32), errors.astype(np.float32), len(errors) / max(1, n_frames))


def print_row(voice: str, song: str, semitones: float, errors: PitchErrors, second: PitchErrors | None) -> None:
    p50, p90 = np.percentile(errors.frames, [50, 90])
    agrees = f"{second.right:6.1f}" if second else "     -"
    print(
        f"{voice:10} {song:14} {semitones:+5.0f} {errors.right:7.1f} {p50:7.1f} {p90:7.1f} "
        f"{100 * errors.voiced:7.1f} {agrees}",
        flush=True,
    )


def mcleod_f0(waveform: Waveform) -> Values:
    """F0 every 10 ms by the first high peak of the normalized square difference, 0 where there is none."""
    n_window, first, last = 1024, 14, 290  # lags of 1143 to 55 Hz
    padded = np.pad(waveform.samples.astype(np.float64), n_window // 2)
    found = np.zeros(waveform.n_samples // 160, np.float32)
    for frame in range(len(found)):
        window = padded[frame * 160 + 80 : frame * 160 + 80 + n_window]
        power = np.cumsum(np.concatenate([[0.0], window**2]))
        spectrum = np.fft.rfft(window, 2 * n_window)
        correlation = np.fft.irfft(spectrum * spectrum.conj())[: last + 2]
        lags = np.arange(last + 2)
        energy = power[n_window - lags] + power[n_window] - power[lags]
        values = 2 * correlation / np.maximum(energy, 1e-9)
        peaks = np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])) + 1
        peaks = peaks[(peaks >= first) & (values[peaks] > 0.3)]
        if len(peaks) and energy[0] > 1e-4:
            # Between lags, parabolas give place and height: that of a narrow peak is too low at the nearest lag.
            left, middle, right = (values[peaks + offset] for offset in (-1, 0, 1))
            offsets = 0.5 * (left - right) / (left - 2 * middle + right)
            heights = middle - 0.25 * (left - right) * offsets
            high = np.flatnonzero(heights > 0.9 * heights.max())[0]
            found[frame] = 16_000 / (peaks[high] + offsets[high])
    return found


def read_song(title: str, front_end: SpeechFrontEnd) -> Song:
    """Song of the manifests, or the scale `range`."""
    if title != "range":
        return song_from_score(read_score(MANIFESTS / "songs" / f"{title}.csv"), front_end)
    pitches = [*range(48, 82, 3), 69 + 12 * np.log2(900 / 440)]
    notes = [
        Note(0.3 + 0.8 * number + 0.4 * (number // 4), 0.8, float(pitch), ("high", "low", "see", "blue")[number % 4])
        for number, pitch in enumerate(pitches)
    ]
    return song_from_score(MusicScore.from_notes(notes), front_end, "en")


def second_opinion(waveform: Waveform, song: Song, semitones: float) -> PitchErrors:
    """Errors by the second tracker."""
    return measure(mcleod_f0(waveform), song, semitones)


def word_errors(
    model: LitePipeline, song: Song, rendered: RenderedSong, voice: object, whisper: SpeechRecognizer
) -> None:
    """Print the character error rates of the first phrases, sung and spoken."""
    phrases = song.phrases[:2]
    reference = " ".join(phrase.text for phrase in phrases)
    end = (phrases[-1].start_frame + phrases[-1].n_frames) * 320
    sung = whisper.transcribe(Waveform(rendered.waveform.samples[:end], 16_000), song.language)
    request = SpeechRequest(
        phonemes=" ".join(phrase.phonemes for phrase in phrases), language=song.language, voice=voice, seed=1
    )
    spoken = whisper.transcribe(model.speak([request])[0].waveform, song.language)
    rates = [character_error_rate(reference, text.lower()) for text in (sung, spoken)]
    print(
        f"{'':10} character errors: {100 * rates[0]:.0f} % sung ({sung!r}), {100 * rates[1]:.0f} % spoken", flush=True
    )


def converted(model: LitePipeline, rendered: RenderedSong, before: Values, voice: object) -> None:
    """Print the deviation of a converted song's F0 from its source's, frame by frame."""
    result = convert_recording(model, rendered.waveform, voice, seed=1, transposition=parse_pitch("keep"))
    after = estimate_song_f0(result.waveform)
    both = (before > 0) & (after > 0)
    cents = np.abs(1200 * np.log2(after[both] / before[both]))
    p50, p90 = np.percentile(cents, [50, 90])
    print(f"{'':10} convert --pitch keep: median {p50:.1f} cents, 90 % below {p90:.1f}", flush=True)


def plot(song: Song, rendered: RenderedSong, path: Path, style: SingingStyle) -> None:
    """Draw the measured F0 over the contour of the score."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 3.2), layout="constrained")
    found = estimate_song_f0(rendered.waveform)
    times = np.arange(len(found)) / MEL_FRAMES_PER_SECOND
    for number, phrase in enumerate(song.phrases):
        for note in phrase.notes:
            span = [(phrase.start_frame + frame) / 50 for frame in (note.onset_frame, note.end_frame)]
            axes.hlines(pitch_to_hz(note.pitch + rendered.semitones), *span, color="#b0c4de", linewidth=7)
        contour = phrase_contour(phrase, style, rendered.semitones)
        first = phrase.start_frame * MELS_PER_FRAME
        asked = (first + np.arange(len(contour))) / MEL_FRAMES_PER_SECOND
        axes.plot(asked, contour, color="#888888", linewidth=0.8, label=None if number else "asked")
    axes.plot(times, np.where(found > 0, found, np.nan), color="#c0392b", linewidth=1.2, label="Harvest")
    axes.set(xlim=(0, min(12.0, times[-1])), xlabel="s", ylabel="Hz")
    axes.legend(loc="upper right", frameon=False)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--voices", default="narrator,low,clear,seoul")
    parser.add_argument("--songs", default="twinkle,amazing_grace,arirang")
    parser.add_argument("--transpose", default="octave")
    parser.add_argument("--vibrato-cents", type=float, default=25.0)
    parser.add_argument("--phrases", type=int, default=100, help="phrases of each song")
    parser.add_argument("--recognizer", type=Path)
    parser.add_argument("--convert", action="store_true")
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    model = LitePipeline.load()
    front_end = SpeechFrontEnd(None, model.frontend_versions)
    whisper = load_recognizer(arguments.recognizer) if arguments.recognizer else None
    style = SingingStyle(vibrato_cents=arguments.vibrato_cents)
    print("voice      song           shift notes % p50 c.  p90 c.  voiced % second %")
    for name in arguments.voices.split(","):
        voice = model.encode_voice(read_sound(MANIFESTS / "voices" / f"{name}.flac"))
        for title in arguments.songs.split(","):
            song = read_song(title, front_end)
            kept = song.phrases[: arguments.phrases]
            song = Song(kept, kept[-1].start_frame + kept[-1].n_frames)
            transposition = parse_transposition(arguments.transpose)
            rendered = render_song(model, song, voice, seed=1, transposition=transposition, style=style)
            f0_hz = estimate_song_f0(rendered.waveform)
            errors = measure(f0_hz, song, rendered.semitones)
            print_row(
                name, title, rendered.semitones, errors, second_opinion(rendered.waveform, song, rendered.semitones)
            )
            if whisper:
                word_errors(model, song, rendered, voice, whisper)
            if arguments.convert:
                converted(model, rendered, f0_hz, voice)
            if arguments.picture:
                plot(song, rendered, arguments.picture, style)
                arguments.picture = None


if __name__ == "__main__":
    main()
