"""Speaker encoder with the weights of the optional package Resemblyzer (Wan et al. 2018, GE2E loss).

Only the package's weights are used; its code would require a compiler and an outdated audio library.

Legend: T mel frames (100/s), M mel bands, P windows of 1.6 s, S size of the speaker embedding.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import numpy.typing as npt
import torch
import torchaudio
from torch import Tensor, nn

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import ProgramError

SpeakerEmbedding = npt.NDArray[np.float32]

_PACKAGE, _WEIGHTS = "resemblyzer", "pretrained.pt"
_N_MELS, _WIDTH, _N_LAYERS = 40, 256, 3
_PARTIAL_FRAMES, _PARTIAL_STEP = 160, 77  # 1.6 s, 1.3 per second, as in training and in the package
_MIN_RMS = 10 ** (-30 / 20)
_SILENT_BELOW_DB = -35.0


def find_resemblyzer_weights() -> Path | None:
    """Find the weights file in the installed package Resemblyzer; None if package or file is missing."""
    found = find_spec(_PACKAGE)
    folders = found.submodule_search_locations if found else None
    path = Path(folders[0]) / _WEIGHTS if folders else None
    return path if path is not None and path.is_file() else None


class ResemblyzerEncoder(nn.Module):
    """Speaker encoder; the cosine of two embeddings measures the similarity of the voices."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(_N_MELS, _WIDTH, _N_LAYERS, batch_first=True)
        self.linear = nn.Linear(_WIDTH, _WIDTH)
        # Power instead of log power, as in training.
        self.mel = torchaudio.transforms.MelSpectrogram(
            RATE_HZ, n_fft=400, hop_length=160, n_mels=_N_MELS, norm="slaney", mel_scale="slaney", pad_mode="constant"
        )

    @staticmethod
    def load() -> ResemblyzerEncoder:
        """Load the encoder with the package's weights.

        Raises:
            ProgramError: the package is missing or damaged.
        """
        path = find_resemblyzer_weights()
        if path is None:
            raise ProgramError(
                "The speaker encoder is not installed",
                expected="the package Resemblyzer, which contains its weights",
                fix="pip install --no-deps Resemblyzer, or leave out the measure `speaker`",
            )
        network = ResemblyzerEncoder()
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
            weights = {name: value for name, value in state.items() if name.startswith(("lstm.", "linear."))}
            missing, unknown = network.load_state_dict(weights, strict=False)
        except (OSError, RuntimeError, KeyError, UnpicklingError) as error:
            raise ProgramError(f"{path} cannot be read", got=str(error), fix="reinstall Resemblyzer") from error
        missing = [name for name in missing if not name.startswith("mel.")]
        if missing or unknown:
            raise ProgramError(
                f"The weights in {path} do not fit the speaker encoder",
                got=f"missing or unknown {', '.join([*missing, *unknown])}",
                fix="reinstall Resemblyzer",
            )
        return network.eval()

    @torch.inference_mode()
    def embed(self, waveform: Waveform) -> SpeakerEmbedding:
        """Embed speech: unit-length mean over overlapping windows of 1.6 s. Shape: returns [S]."""
        samples = resample(waveform, RATE_HZ).samples
        rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0
        gain = max(1.0, _MIN_RMS / max(rms, 1e-6))
        frames = _without_silence(self.mel(torch.from_numpy(samples * np.float32(gain))).T)  # [M, T] -> [T, M]
        _, (hidden, _) = self.lstm(_partials(frames))
        raw = torch.relu(self.linear(hidden[-1]))  # [P, S]
        mean = nn.functional.normalize(raw, dim=1).mean(0)
        return nn.functional.normalize(mean, dim=0).numpy()


def similarity(one: SpeakerEmbedding, other: SpeakerEmbedding) -> float:
    """Cosine of two embeddings of unit length."""
    return float(np.dot(one, other))


def _without_silence(frames: Tensor) -> Tensor:
    """Drop silent frames, which would make all speakers similar. Shape: [T, M] -> [T', M]."""
    level_db = 10 * torch.log10(frames.sum(1) + 1e-10)
    loud = frames[level_db > level_db.quantile(0.95) + _SILENT_BELOW_DB]
    return loud if len(loud) else frames


def _partials(frames: Tensor) -> Tensor:
    """Split into windows of the training length; a shorter input is zero-padded. Shape: [T, M] -> [P, 160, M]."""
    if len(frames) < _PARTIAL_FRAMES:
        frames = nn.functional.pad(frames, (0, 0, 0, _PARTIAL_FRAMES - len(frames)))
    last = len(frames) - _PARTIAL_FRAMES
    starts = sorted({*range(0, last + 1, _PARTIAL_STEP), last})
    return torch.stack([frames[start : start + _PARTIAL_FRAMES] for start in starts])
