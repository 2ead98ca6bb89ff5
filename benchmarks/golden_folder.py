"""Generator of golden folders with another salt and other inputs, by an independent implementation of the networks.

    python benchmarks/golden_folder.py OUT --like ../shared/golden --salt other: --seed 7
    python -m tools.parity verify --golden OUT

Names and shapes of the weights are taken from the folder `--like`; the weights follow the rule of golden folders with
the new salt, and inputs are drawn from `--seed`. Outputs are computed by `plain_conversion.py`,
`plain_discriminators.py` and `plain_text_to_vector.py`, direct implementations of the networks' description. `verify`
must pass every case, and must fail once an output is altered.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import plain_conversion
import plain_discriminators
import torch
from numpy.typing import NDArray
from plain_text_to_vector import PlainTextToVector
from plain_weights import PlainWeights, low_pass
from torch import Tensor

from hierbatch.models.hierspeechpp.blocks.anti_aliased import kaiser_sinc
from hierbatch.models.hierspeechpp.text_to_vector.weights import text_to_vector_from
from hierbatch.models.weights.checkpoint import Checkpoint

FFTS = {"disc_hier": (2048, 1024, 512, 256, 128), "disc_sr48": (4096, 2048, 1024, 512, 256, 128)}
Arrays = Mapping[str, Any]
Case = tuple[str, Mapping[str, Any], Arrays]
"""Case name, scalar arguments, input and output arrays."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--like", type=Path, required=True, help="a golden folder, for names and shapes of weights")
    parser.add_argument("--salt", default="other:")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--modules", nargs="+", choices=MODULES, default=list(MODULES))
    options = parser.parse_args()
    for name in write_folder(options.out, options.like, options.salt, options.seed, options.modules):
        print(name, flush=True)


@dataclass(slots=True)
class CaseFactory:
    """Source of a folder's weights and random inputs."""

    like: Path
    out: Path
    salt: str
    seed: int
    _built: dict[str, PlainWeights] = field(default_factory=dict)

    def weights(self, module: str) -> PlainWeights:
        """Generate the rule weights of a module, and write its `keys.json`."""
        if module not in self._built:
            page = json.loads((self.like / module / "keys.json").read_text(encoding="utf-8"))
            taps = kaiser_sinc().reshape(-1)
            # The hash needs the last bits of the published constant; its value is verified independently here.
            assert np.allclose(taps.numpy(), low_pass(), rtol=0, atol=1e-7)
            weights = PlainWeights.of_rule([tuple(entry[:3]) for entry in page["keys"]], self.salt, {"filter": taps})
            (self.out / module).mkdir(parents=True, exist_ok=True)
            page["sha256_of_key_and_bytes"] = weights.sha256
            (self.out / module / "keys.json").write_text(json.dumps(page), encoding="utf-8")
            self._built[module] = weights
        return self._built[module]

    def generator(self, case: str) -> torch.Generator:
        """Random generator of a case, seeded by its name."""
        return torch.Generator().manual_seed(self.seed + sum(map(ord, case)))


def write_folder(out: Path, like: Path, salt: str, seed: int, modules: Sequence[str]) -> Iterator[str]:
    """Write a golden folder; yields each case's name when it is done. The manifest is written last.

    Args:
        out: folder to write.
        like: golden folder with names and shapes of the weights.
        salt: salt of the weights.
        seed: seed of the inputs.
        modules: modules to include.
    """
    factory, listed = CaseFactory(like, out, salt, seed), []
    for module in modules:
        (out / module).mkdir(parents=True, exist_ok=True)
        with torch.inference_mode():
            for case, args, arrays in MODULES[module](factory, module):
                file = f"{module}/{case}.npz"
                np.savez(out / file, **{name: np.asarray(value) for name, value in arrays.items()})
                listed.append({"module": module, "case": case, "file": file, "args": dict(args)})
                yield f"{module}/{case}"
    (out / "manifest.json").write_text(json.dumps({"salt": salt, "cases": listed}, indent=1), encoding="utf-8")


def _normal(g: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=g)


def _conversions(factory: CaseFactory, module: str) -> Iterator[Case]:
    w = factory.weights(module)
    for n_frames, n_mels, scale, ratio in ((13, 21, 0.5, 0.4), (58, 9, 0.333, 0.0)):
        case = f"nc{n_frames}"
        g = factory.generator(case)
        semantic, mel = _normal(g, 1, 1024, n_frames), _normal(g, 2, 80, n_mels) - 2
        f0 = 4.5 + _normal(g, 1, 1, 4 * n_frames)
        f0[f0 < 4] = 0
        noise = _normal(g, 1, 192, n_frames)
        styles = plain_conversion.style_of(w, mel)
        style = (1 - ratio) * styles[:1] + ratio * styles[1:]
        conversion = plain_conversion.convert(w, semantic, f0, style, scale * noise)
        args = {"method": "voice_conversion_noise_control", "noise_scale": scale, "denoise_ratio": ratio}
        yield case, args, {
            "in_w2v": semantic, "in_src_length": [n_frames], "in_style_mel": mel, "in_style_length": [n_mels] * 2,
            "in_f0": f0, "in_noise": noise, "out_audio": conversion.sound, "out_g": styles, "out_m_p": conversion.mean,
            "out_logs_p": conversion.log_scale, "out_z_sr": conversion.semantic, "out_z_a": conversion.acoustic,
            "out_e_f0": conversion.log_f0, "out_e": conversion.excitation,
        }  # fmt: skip


def _synthesized(factory: CaseFactory, module: str) -> Iterator[Case]:
    w = factory.weights(module)
    plain = PlainTextToVector(text_to_vector_from(Checkpoint("the rule", w.sha256, dict(w.tensors))).state_dict())
    for n_tokens, n_mels, length_scale, ratio in ((9, 31, 1.0, 0.7), (21, 55, 1.2, 0.2)):
        case = f"nc{n_tokens}"
        g = factory.generator(case)
        tokens, mel = torch.randint(1, 178, (1, n_tokens), generator=g), _normal(g, 2, 80, n_mels) - 2
        noise_dp = _normal(g, 1, 2, n_tokens)
        styles = torch.cat([plain.style(one[None]) for one in mel])
        style = (1 - ratio) * styles[:1] + ratio * styles[1:]
        mean, log_scale, log_durations = plain.read(tokens, style, 0.8 * noise_dp)
        frames = torch.ceil(log_durations.exp() * length_scale)
        noise_z = _normal(g, 1, 256, max(1, int(frames.sum())))
        path = torch.repeat_interleave(torch.arange(n_tokens), frames[0, 0].long())
        latent = plain._flow_back(mean[:, :, path] + 0.333 * noise_z * log_scale[:, :, path].exp(), style)
        semantic, log_f0 = plain.speak(mean, log_scale, frames, style, 0.333 * noise_z)
        args = {
            "method": "infer_noise_control", "noise_scale": 0.333, "noise_scale_w": 0.8, "length_scale": length_scale,
            "denoise_ratio": ratio,
        }  # fmt: skip
        yield case, args, {
            "in_tokens": tokens, "in_token_length": [n_tokens], "in_style_mel": mel, "in_style_length": [n_mels] * 2,
            "in_noise_dp": noise_dp, "in_noise_z": noise_z, "out_w2v": semantic, "out_log_f0": log_f0,
            "out_g": styles, "out_logw": log_durations, "out_durations": frames, "out_m_p_tokens": mean,
            "out_logs_p_tokens": log_scale, "out_z": latent,
        }  # fmt: skip


def _upsampled(factory: CaseFactory, module: str) -> Iterator[Case]:
    w, ratio = factory.weights(module), 3.0 if module == "speechsr48k" else 1.5
    for n_rows, n_samples in ((1, 53), (2, 1999), (1, 4000)):
        case = f"rule_{n_samples}"
        sound = 0.2 * _normal(factory.generator(case), n_rows, 1, n_samples)
        wide = plain_conversion.super_resolve(w, sound, ratio)
        yield case, {"weights": "rule", "method": "forward"}, {"in_audio16k": sound, "out_audio": wide}


def _discriminated(factory: CaseFactory, module: str) -> Iterator[Case]:
    w, ffts = factory.weights(module), FFTS.get(module, FFTS["disc_hier"])
    g = factory.generator(module)
    real_audio = 0.3 * _normal(g, 1, 1, 5711)
    fake_audio = real_audio + 0.1 * _normal(g, 1, 1, 5711)
    real, fake = (plain_discriminators.discriminate(w, audio, ffts) for audio in (real_audio, fake_audio))
    arrays: dict[str, Any] = {"in_y": real_audio, "in_y_hat": fake_audio}
    for kind, outputs in (("real", real), ("fake", fake)):
        arrays |= {f"out_{kind}{i}": scores for i, (scores, _) in enumerate(outputs)}
        maps = [x for _, features in outputs for x in features]
        stats = [(x.mean(), x.std(), x.abs().max(), x.shape[2], x.shape[3]) for x in maps]
        arrays[f"out_fmap_stats_{kind}"] = np.array([[float(value) for value in row] for row in stats], np.float32)
    matching = [
        (a - b).abs().mean() for (_, x), (_, y) in zip(real, fake, strict=True) for a, b in zip(x, y, strict=True)
    ]
    generator = [(1 - scores).square().mean() for scores, _ in fake]
    discriminator = [(1 - r).square().mean() + f.square().mean() for (r, _), (f, _) in zip(real, fake, strict=True)]
    arrays |= {
        "out_feature_matching_x2": 2 * sum(matching),
        "out_lsgan_g": sum(generator),
        "out_lsgan_d": sum(discriminator),
    }
    yield "pair", {"method": "MultiPeriodDiscriminator(y,y_hat)"}, arrays


def _denoised(factory: CaseFactory, module: str) -> Iterator[Case]:
    w = factory.weights(module)
    for n_samples in (1300, 3950):
        case = f"len{n_samples}"
        sound = 0.1 * _normal(factory.generator(case), n_samples)
        gain = torch.sqrt(n_samples / sound.square().sum())
        window = torch.hann_window(400)
        spectrum = torch.stft(sound * gain, 400, 100, window=window, return_complex=True)
        noisy, noisy_phase = spectrum.abs() ** 0.3, spectrum.angle()
        magnitude, phase = plain_discriminators.denoised(w, noisy, noisy_phase)
        denoised = torch.polar(magnitude ** (1 / 0.3), phase)
        audio = torch.istft(denoised, 400, 100, window=window) / gain
        yield case, {"method": "denoise()"}, {
            "in_audio": sound, "out_norm_factor": gain,
            "out_noisy_mag": noisy[None], "out_noisy_pha": noisy_phase[None],
            "out_mag": magnitude[None], "out_pha": phase[None], "out_audio": audio[None],
        }  # fmt: skip


def _styled(factory: CaseFactory, _module: str) -> Iterator[Case]:
    synthesizer, ttv = factory.weights("hier"), factory.weights("ttv")
    for n_rows, n_samples in ((1, 12_345), (2, 2_241), (1, 641)):
        case = f"synth_{n_samples}"
        sound = 0.2 * _normal(factory.generator(case), n_rows, n_samples)
        mel = np.stack([plain_discriminators.style_mel(row.double().numpy()) for row in sound]).astype(np.float32)
        styles = (plain_conversion.style_of(w, torch.from_numpy(mel)) for w in (synthesizer, ttv))
        arrays = {"in_audio": sound, "out_mel": mel} | dict(zip(("out_g_hier", "out_g_ttv"), styles, strict=True))
        yield case, {"method": "MelSpectrogramFixed then StyleEncoder"}, arrays


def _resampled(factory: CaseFactory, _module: str) -> Iterator[Case]:
    for rate_hz, n_samples in ((48_000, 3_001), (44_100, 4_410), (8_000, 1_777), (32_000, 999)):
        case = f"sr{rate_hz}"
        sound = 0.2 * _normal(factory.generator(case), 1, n_samples)
        resampled = plain_discriminators.resampled(sound[0].double().numpy(), rate_hz, 16_000)
        args = {"orig_freq": rate_hz, "new_freq": 16_000, "method": "sinc_interp_kaiser"}
        yield case, args, {"in_audio": sound, "out_audio": resampled[None].astype(np.float32)}


def _aligned(factory: CaseFactory, _module: str) -> Iterator[Case]:
    g, arrays = factory.generator("mas"), dict[str, Any]()
    for i, (n_frames, n_symbols) in enumerate(((7, 7), (31, 12), (64, 5))):
        value = _normal(g, 1, n_frames, n_symbols)
        path: NDArray[np.int8] = plain_discriminators.best_path(value[0].numpy())
        arrays |= {
            f"in_value{i}": value,
            f"in_t_y{i}": [n_frames],
            f"in_t_x{i}": [n_symbols],
            f"out_path{i}": path[None],
        }
    yield "random", {"method": "monotonic alignment search"}, arrays


MODULES: Mapping[str, Callable[[CaseFactory, str], Iterator[Case]]] = {
    "hier": _conversions,
    "ttv": _synthesized,
    "speechsr24k": _upsampled,
    "speechsr48k": _upsampled,
    "disc_hier": _discriminated,
    "disc_sr24": _discriminated,
    "disc_sr48": _discriminated,
    "denoiser": _denoised,
    "style_mel": _styled,
    "resample": _resampled,
    "mas": _aligned,
}


if __name__ == "__main__":
    main()
