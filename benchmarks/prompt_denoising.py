"""Effect of `--denoise` on prompts with added noise, by DNSMOS and SI-SDR.

    python benchmarks/prompt_denoising.py                  # the evaluation kit in ../shared/tools
    python benchmarks/prompt_denoising.py --kit FOLDER

The prompts are those in manifests/voices. DNSMOS P.835 predicts listeners' ratings of overall quality (ovrl), speech
(sig) and background (bak). SI-SDR measures the distance to the prompt before noise was added.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from hierbatch.audio.files import read_sound
from hierbatch.audio.noise import mix_denoised
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.constants import RATE_HZ

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `tools` is not installed
from tools.evaluation.kit import load_kit, shared_folder

VOICES = Path(__file__).resolve().parent.parent / "manifests" / "voices"
RATIOS = (0.0, 0.6, 0.8, 1.0)
SNRS_DB = (20.0, 10.0, 5.0)
KINDS = ("white", "pink", "hum")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kit", type=Path, default=shared_folder() / "tools")
    kit = load_kit(parser.parse_args().kit)
    prompts = [resample(read_sound(path.read_bytes()), RATE_HZ) for path in sorted(VOICES.glob("*.flac"))]
    print(f"mean over {len(prompts)} prompts\n")
    print(
        "| noise | SNR dB | ratio | DNSMOS ovrl | sig | bak | SI-SDR dB |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    cases = [("none", np.inf), *((kind, snr_db) for kind in KINDS for snr_db in SNRS_DB)]
    for kind, snr_db in cases:
        for ratio in RATIOS:
            scores = []
            for prompt in prompts:
                sound = mix_denoised(with_noise(prompt, kind, snr_db), ratio)
                found = kit.dnsmos(sound.samples)
                distortion_db = si_sdr_db(prompt.samples, sound.samples)
                scores.append([found["ovrl"], found["sig"], found["bak"], distortion_db])
            ovrl, sig, bak, distortion_db = np.mean(scores, axis=0)
            print(f"| {kind} | {snr_db:.0f} | {ratio} | {ovrl:.2f} | {sig:.2f} | {bak:.2f} | {distortion_db:.1f} |")


def with_noise(sound: Waveform, kind: str, snr_db: float) -> Waveform:
    """Add deterministic noise at a signal-to-noise ratio.

    Args:
        sound: clean prompt.
        kind: one of `KINDS`, or `none`.
        snr_db: signal-to-noise ratio.
    """
    if kind == "none":
        return sound
    noise = _noise(kind, sound.n_samples)
    gain = np.sqrt((sound.samples**2).mean() / (noise**2).mean()) * 10 ** (-snr_db / 20)
    return Waveform(sound.samples + gain.astype(np.float32) * noise, sound.rate_hz)


def _noise(kind: str, n_samples: int) -> Samples:
    if kind == "hum":
        time_s = np.arange(n_samples) / RATE_HZ
        return np.sum([np.sin(2 * np.pi * 50 * n * time_s) / n for n in range(1, 20)], axis=0).astype(np.float32)
    white = np.random.default_rng(1).standard_normal(n_samples)
    if kind == "white":
        return white.astype(np.float32)
    # Pink noise: power falls by 3 dB per octave.
    spectrum = np.fft.rfft(white) / np.sqrt(np.maximum(1, np.arange(n_samples // 2 + 1)))
    return np.fft.irfft(spectrum, n_samples).astype(np.float32)


def si_sdr_db(wanted: Samples, found: Samples) -> float:
    """Scale-invariant signal-to-distortion ratio (Le Roux et al. 2019)."""
    scaled = np.dot(found, wanted) / np.dot(wanted, wanted) * wanted
    return float(10 * np.log10((scaled**2).sum() / max(((found - scaled) ** 2).sum(), 1e-12)))


if __name__ == "__main__":
    main()
