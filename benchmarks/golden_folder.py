"""Another golden folder: other salt, other inputs, other lengths, outputs by an implementation that is not ours.

    python benchmarks/golden_folder.py OUT --like ../shared/golden --salt other: --seed 7
    hierbatch models verify --golden OUT

Names and shapes of the weights are those of the folder `--like`; weights come from the folder rule with the new salt,
inputs are drawn from `--seed`, outputs are computed by `plain_conversion.py`, `plain_listeners.py` and
`plain_text_to_vector.py`, which are written straight down from the networks' description. `verify` must find every case
ok, and must not once an output is altered.
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
import plain_listeners
import torch
from numpy.typing import NDArray
from plain_text_to_vector import PlainTextToVector
from plain_weights import PlainWeights, low_pass
from torch import Tensor

from hierbatch.models.blocks.anti_aliased import kaiser_sinc
from hierbatch.models.checkpoint import Checkpoint
from hierbatch.models.text_to_vector.weights import text_to_vector_from

FFTS = {"disc_hier": (2048, 1024, 512, 256, 128), "disc_sr48": (4096, 2048, 1024, 512, 256, 128)}
Arrays = Mapping[str, Any]
Case = tuple[str, Mapping[str, Any], Arrays]
"""Its name, its scalars, its inputs and outputs."""


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
class Workshop:
    """Where weights and numbers of one folder come from."""

    like: Path
    out: Path
    salt: str
    seed: int
    _made: dict[str, PlainWeights] = field(default_factory=dict)

    def weights(self, module: str) -> PlainWeights:
        """Rule weights of a module; leaves its `keys.json` in the folder."""
        if module not in self._made:
            page = json.loads((self.like / module / "keys.json").read_text(encoding="utf-8"))
            taps = kaiser_sinc().reshape(-1)
            # The last bits of a constant are the published ones; that it is the right constant is found without them.
            assert np.allclose(taps.numpy(), low_pass(), rtol=0, atol=1e-7)
            made = PlainWeights.of_rule([tuple(entry[:3]) for entry in page["keys"]], self.salt, {"filter": taps})
            (self.out / module).mkdir(parents=True, exist_ok=True)
            page["sha256_of_key_and_bytes"] = made.sha256
            (self.out / module / "keys.json").write_text(json.dumps(page), encoding="utf-8")
            self._made[module] = made
        return self._made[module]

    def generator(self, case: str) -> torch.Generator:
        return torch.Generator().manual_seed(self.seed + sum(map(ord, case)))


def write_folder(out: Path, like: Path, salt: str, seed: int, modules: Sequence[str]) -> Iterator[str]:
    """Make a folder, telling each case as it is done; the manifest is written last."""
    workshop, listed = Workshop(like, out, salt, seed), []
    for module in modules:
        (out / module).mkdir(parents=True, exist_ok=True)
        with torch.inference_mode():
            for case, args, arrays in MODULES[module](workshop, module):
                file = f"{module}/{case}.npz"
                np.savez(out / file, **{name: np.asarray(value) for name, value in arrays.items()})
                listed.append({"module": module, "case": case, "file": file, "args": dict(args)})
                yield f"{module}/{case}"
    (out / "manifest.json").write_text(json.dumps({"salt": salt, "cases": listed}, indent=1), encoding="utf-8")


def _normal(g: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=g)


def _conversions(workshop: Workshop, module: str) -> Iterator[Case]:
    w = workshop.weights(module)
    for n_frames, n_mels, scale, ratio in ((13, 21, 0.5, 0.4), (58, 9, 0.333, 0.0)):
        case = f"nc{n_frames}"
        g = workshop.generator(case)
        semantic, mel = _normal(g, 1, 1024, n_frames), _normal(g, 2, 80, n_mels) - 2
        f0 = 4.5 + _normal(g, 1, 1, 4 * n_frames)
        f0[f0 < 4] = 0
        noise = _normal(g, 1, 192, n_frames)
        styles = plain_conversion.style_of(w, mel)
        style = (1 - ratio) * styles[:1] + ratio * styles[1:]
        made = plain_conversion.convert(w, semantic, f0, style, scale * noise)
        args = {"method": "voice_conversion_noise_control", "noise_scale": scale, "denoise_ratio": ratio}
        yield case, args, {
            "in_w2v": semantic, "in_src_length": [n_frames], "in_style_mel": mel, "in_style_length": [n_mels] * 2,
            "in_f0": f0, "in_noise": noise, "out_audio": made.sound, "out_g": styles, "out_m_p": made.mean,
            "out_logs_p": made.log_scale, "out_z_sr": made.semantic, "out_z_a": made.acoustic,
            "out_e_f0": made.log_f0, "out_e": made.excitation,
        }  # fmt: skip


def _spoken(workshop: Workshop, module: str) -> Iterator[Case]:
    w = workshop.weights(module)
    plain = PlainTextToVector(text_to_vector_from(Checkpoint("the rule", w.sha256, dict(w.tensors))).state_dict())
    for n_tokens, n_mels, length_scale, ratio in ((9, 31, 1.0, 0.7), (21, 55, 1.2, 0.2)):
        case = f"nc{n_tokens}"
        g = workshop.generator(case)
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


def _widened(workshop: Workshop, module: str) -> Iterator[Case]:
    w, ratio = workshop.weights(module), 3.0 if module == "speechsr48k" else 1.5
    for n_rows, n_samples in ((1, 53), (2, 1999), (1, 4000)):
        case = f"rule_{n_samples}"
        sound = 0.2 * _normal(workshop.generator(case), n_rows, 1, n_samples)
        wide = plain_conversion.super_resolve(w, sound, ratio)
        yield case, {"weights": "rule", "method": "forward"}, {"in_audio16k": sound, "out_audio": wide}


def _judged(workshop: Workshop, module: str) -> Iterator[Case]:
    w, ffts = workshop.weights(module), FFTS.get(module, FFTS["disc_hier"])
    g = workshop.generator(module)
    recorded = 0.3 * _normal(g, 1, 1, 5711)
    made = recorded + 0.1 * _normal(g, 1, 1, 5711)
    real, fake = plain_listeners.judge(w, recorded, ffts), plain_listeners.judge(w, made, ffts)
    arrays: dict[str, Any] = {"in_y": recorded, "in_y_hat": made}
    for which, judged in (("real", real), ("fake", fake)):
        arrays |= {f"out_{which}{i}": scores for i, (scores, _) in enumerate(judged)}
        maps = [x for _, features in judged for x in features]
        stats = [(x.mean(), x.std(), x.abs().max(), x.shape[2], x.shape[3]) for x in maps]
        arrays[f"out_fmap_stats_{which}"] = np.array([[float(value) for value in row] for row in stats], np.float32)
    apart = [(a - b).abs().mean() for (_, x), (_, y) in zip(real, fake, strict=True) for a, b in zip(x, y, strict=True)]
    fooled = [(1 - scores).square().mean() for scores, _ in fake]
    told = [(1 - r).square().mean() + f.square().mean() for (r, _), (f, _) in zip(real, fake, strict=True)]
    arrays |= {"out_feature_matching_x2": 2 * sum(apart), "out_lsgan_g": sum(fooled), "out_lsgan_d": sum(told)}
    yield "pair", {"method": "MultiPeriodDiscriminator(y,y_hat)"}, arrays


def _cleaned(workshop: Workshop, module: str) -> Iterator[Case]:
    w = workshop.weights(module)
    for n_samples in (1300, 3950):
        case = f"len{n_samples}"
        sound = 0.1 * _normal(workshop.generator(case), n_samples)
        factor = torch.sqrt(n_samples / sound.square().sum())
        window = torch.hann_window(400)
        spectrum = torch.stft(sound * factor, 400, 100, window=window, return_complex=True)
        noisy, turned = spectrum.abs() ** 0.3, spectrum.angle()
        magnitude, phase = plain_listeners.denoised(w, noisy, turned)
        cleaned = torch.polar(magnitude ** (1 / 0.3), phase)
        audio = torch.istft(cleaned, 400, 100, window=window) / factor
        yield case, {"method": "denoise()"}, {
            "in_audio": sound, "out_norm_factor": factor, "out_noisy_mag": noisy[None], "out_noisy_pha": turned[None],
            "out_mag": magnitude[None], "out_pha": phase[None], "out_audio": audio[None],
        }  # fmt: skip


def _styled(workshop: Workshop, _module: str) -> Iterator[Case]:
    singer, reader = workshop.weights("hier"), workshop.weights("ttv")
    for n_rows, n_samples in ((1, 12_345), (2, 2_241), (1, 641)):
        case = f"synth_{n_samples}"
        sound = 0.2 * _normal(workshop.generator(case), n_rows, n_samples)
        mel = np.stack([plain_listeners.style_mel(row.double().numpy()) for row in sound]).astype(np.float32)
        styles = (plain_conversion.style_of(w, torch.from_numpy(mel)) for w in (singer, reader))
        arrays = {"in_audio": sound, "out_mel": mel} | dict(zip(("out_g_hier", "out_g_ttv"), styles, strict=True))
        yield case, {"method": "MelSpectrogramFixed then StyleEncoder"}, arrays


def _resampled(workshop: Workshop, _module: str) -> Iterator[Case]:
    for rate_hz, n_samples in ((48_000, 3_001), (44_100, 4_410), (8_000, 1_777), (32_000, 999)):
        case = f"sr{rate_hz}"
        sound = 0.2 * _normal(workshop.generator(case), 1, n_samples)
        made = plain_listeners.resampled(sound[0].double().numpy(), rate_hz, 16_000)
        args = {"orig_freq": rate_hz, "new_freq": 16_000, "method": "sinc_interp_kaiser"}
        yield case, args, {"in_audio": sound, "out_audio": made[None].astype(np.float32)}


def _aligned(workshop: Workshop, _module: str) -> Iterator[Case]:
    g, arrays = workshop.generator("mas"), dict[str, Any]()
    for i, (n_frames, n_symbols) in enumerate(((7, 7), (31, 12), (64, 5))):
        value = _normal(g, 1, n_frames, n_symbols)
        path: NDArray[np.int8] = plain_listeners.best_path(value[0].numpy())
        arrays |= {
            f"in_value{i}": value,
            f"in_t_y{i}": [n_frames],
            f"in_t_x{i}": [n_symbols],
            f"out_path{i}": path[None],
        }
    yield "random", {"method": "monotonic alignment search"}, arrays


MODULES: Mapping[str, Callable[[Workshop, str], Iterator[Case]]] = {
    "hier": _conversions,
    "ttv": _spoken,
    "speechsr24k": _widened,
    "speechsr48k": _widened,
    "disc_hier": _judged,
    "disc_sr24": _judged,
    "disc_sr48": _judged,
    "denoiser": _cleaned,
    "style_mel": _styled,
    "resample": _resampled,
    "mas": _aligned,
}


if __name__ == "__main__":
    main()
