"""Spread and variety of sampled prosody, against recordings of the same texts by the same speakers.

    python benchmarks/prosody_sampling.py --speech ../shared/speech --limit 8

The texts are every twentieth row of LJSpeech and of the Kathleen recordings, which training left out. The prompt is
another recording of the speaker. Printed for each temperature: the spread of F0 in semitones over that of the recording
of the same text, and the correlation of log F0 between two seeds over the frames that are voiced in both. At 0 the
contour is the predicted one, scaled by the bundle's `f0_spread`.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from hierbatch.audio.files import read_sound
from hierbatch.audio.pitch import estimate_f0, measure_pitch_range
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.speech import SpeechRequest
from hierbatch.models.weights.bundle import find_bundle

FILES = ("ljspeech_part.parquet", "kathleen_48k.parquet")
TEMPERATURES = (0.0, 0.35, 0.5, 0.7, 1.0)
F0 = npt.NDArray[np.float32]


def rows(file: Path) -> Iterator[tuple[str, Waveform]]:
    """Texts and recordings of every twentieth row, of 3 to 9 s."""
    index = -1
    for batch in pq.ParquetFile(file).iter_batches(batch_size=16):
        for row in batch.to_pylist():
            index += 1
            if index % 20 == 19 and row.get("text"):
                sound = read_sound(io.BytesIO(row["audio"]["bytes"]).getvalue())
                if 3 < sound.n_samples / sound.rate_hz < 9:
                    yield row["text"], resample(sound, RATE_HZ)


def correlation(first: F0, second: F0) -> float:
    """Correlation of log F0 over the frames voiced in both; their durations are the same."""
    n_frames = min(len(first), len(second))
    voiced = (first[:n_frames] > 0) & (second[:n_frames] > 0)
    return float(np.corrcoef(np.log(first[:n_frames][voiced]), np.log(second[:n_frames][voiced]))[0, 1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, default=Path("../shared/speech"))
    parser.add_argument("--limit", type=int, default=8, help="texts of each speaker")
    parser.add_argument("--model", default="lite")
    arguments = parser.parse_args()
    front_end, bundle = SpeechFrontEnd(), find_bundle(arguments.model)
    materials = []
    for file in FILES:
        found = [row for _, row in zip(range(arguments.limit + 1), rows(arguments.speech / file), strict=False)]
        materials += [(found[0][1], text, sound) for text, sound in found[1:]]
    print("| temperature | spread over the recordings' | correlation of two seeds |")
    print("| --- | --- | --- |")
    for temperature in TEMPERATURES:
        settings = {"prosody_temperature_en": temperature}
        model = LitePipeline.from_bundle(replace(bundle, synthesis={**bundle.synthesis, **settings}), DevicePlacement())
        ratios, correlations = [], []
        for prompt, text, recording in materials:
            voice, phonemes = model.encode_voice(prompt), front_end.phonemize(text, "en").phonemes
            first, second = (
                model.speak([SpeechRequest(phonemes=phonemes, language="en", voice=voice, seed=seed)])[0].f0_hz
                for seed in (1, 2)
            )
            own = measure_pitch_range(estimate_f0(recording)).spread_semitones
            ratios.append(measure_pitch_range(first).spread_semitones / own)
            correlations.append(correlation(first, second))
        error = np.std(ratios, ddof=1) / len(ratios) ** 0.5
        print(f"| {temperature} | {np.mean(ratios):.2f} ± {error:.2f} | {np.mean(correlations):.2f} |", flush=True)


if __name__ == "__main__":
    main()
