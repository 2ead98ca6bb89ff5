"""A model that sings a sine a phone, fast and the same everywhere; a row's `seed` can make it misbehave.

What happens once, and what was spoken, is noted in files of the bundle's folder, since workers are processes.
"""

import hashlib
import json
import os
import resource
import signal
import time
from enum import IntEnum
from pathlib import Path

import numpy as np

from hierbatch.audio.pitch import PitchRange
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import BundleError, SynthesisError
from hierbatch.models.catalog.model_info import ModelInfo
from hierbatch.models.catalog.model_kinds import ModelKind
from hierbatch.models.conversion.interface import InputSpec
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.speech import Speech

FRAME, RATE_HZ = 320, 16_000


class Fault(IntEnum):
    """Seeds that are no ordinary seeds."""

    RAISE = 101
    REFUSE = 102
    DIE = 103
    HANG = 104
    NAN = 105
    EMPTY = 106
    SILENT = 107
    CLIPPED = 108
    DIE_ONCE = 109


class FakeModel:
    name, languages, rate_hz = "fake", ("en", "ko"), RATE_HZ
    input_spec = InputSpec()

    def __init__(self, bundle, placement):
        self._notes = bundle.folder
        if (self._notes / "no-weights").exists():
            raise BundleError("The fake weights are missing", got=str(bundle.folder))
        if (self._notes / "die-on-load").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        if placement.dtype == self._told("broken-dtype", ""):
            raise RuntimeError("no kernel image is available for this fake device")
        self.fingerprint = self._told("version", "1")
        self._row_s = float(self._told("seconds-a-row", "0"))

    def encode_voice(self, prompt, *, track=None):
        return float(np.abs(prompt.samples).mean())

    def pitch_range(self, voice):
        return PitchRange(120.0, 2.0)

    def convert_all(self, requests):
        """The same sound turned upside down, with the same faults."""
        return [self._convert(request) for request in requests]

    def _convert(self, request):
        self._misbehave(request.seed)
        samples = -request.samples
        if request.seed == Fault.NAN:
            samples[100] = np.nan
        return samples

    def speak(self, requests):
        self._check_memory(requests)
        with (self._notes / f"spoken-{os.getpid()}").open("a") as file:
            file.writelines(f"{request.seed} {request.phonemes}\n" for request in requests)
        if limit := self._told("file-limit", ""):  # as if the disk were full: no file of this worker may be larger
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
        return [self._speak(request) for request in requests]

    def _speak(self, request):
        time.sleep(self._row_s)
        self._misbehave(request.seed)
        tokens = request.phonemes.split()
        token_frames = tuple(10 if token in ",.?!" else 1 if token == "|" else 4 for token in tokens)
        lead = 2
        # Of the row alone: neighbours must not be heard.
        samples = np.concatenate([np.zeros(lead * FRAME), *map(_tone, tokens, token_frames)]) * (request.seed % 7 + 1)
        if request.seed == Fault.NAN:
            samples[100] = np.nan
        if request.seed == Fault.SILENT:
            samples *= 1e-6
        if request.seed == Fault.CLIPPED or request.phonemes == self._told("always-clips", ""):
            samples = np.sign(samples)
        if request.seed == Fault.EMPTY:
            samples = samples[:0]
        f0_hz = np.full(2 * (lead + sum(token_frames)), 120.0, np.float32)
        f0_hz[: 2 * lead] = 0
        return Speech(
            waveform=Waveform(samples.astype(np.float32), RATE_HZ),
            token_frames=token_frames,
            lead_frames=lead,
            f0_hz=f0_hz,
        )

    def _check_memory(self, requests):
        """As if memory held `room-phones` phones, each row as long as the longest."""
        n_phones = len(requests) * max(len(request.phonemes.split()) for request in requests)
        if n_phones > float(self._told("room-phones", "inf")):
            with (self._notes / f"too-large-{os.getpid()}").open("a") as file:
                file.write(f"{len(requests)}\n")
            import torch  # here: a driver that looks at this model has no torch

            raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate room for {n_phones} phones")

    def _misbehave(self, seed):
        if seed == Fault.RAISE or str(seed) == self._told("raise-on", ""):
            raise ZeroDivisionError("the fake model was told to raise")
        if seed == Fault.REFUSE:
            raise SynthesisError("the fake model was told to refuse")
        if seed == Fault.DIE or (seed == Fault.DIE_ONCE and self._first_time("died")):
            os.kill(os.getpid(), signal.SIGKILL)
        if seed == Fault.HANG:
            time.sleep(3600)

    def _told(self, name, otherwise):
        path = self._notes / name
        return path.read_text() if path.exists() else otherwise

    def _first_time(self, what):
        try:
            (self._notes / what).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def describe(bundle):
    model = FakeModel(bundle, DevicePlacement())
    return ModelInfo(
        name=model.name,
        fingerprint=model.fingerprint,
        languages=model.languages,
        can_convert=True,
        check_prompt=model.encode_voice,
    )


KIND = ModelKind(name="fake", describe=describe, load=FakeModel)
"""Registered as the kind `fake` by `tests/plugins`."""


def write_fake_bundle(folder, **notes):
    """A bundle of the fake model; notes are what it reads there."""
    folder.mkdir(parents=True, exist_ok=True)
    page = {
        "name": "fake",
        "kind": "fake",
        "languages": FakeModel.languages,
        "rate_hz": RATE_HZ,
        "license": "MIT",
        "config": {},
        "synthesis": {},
        "weights_sha256": "",
    }
    (folder / "bundle.json").write_text(json.dumps(page))
    for name, text in notes.items():
        (folder / name.replace("_", "-")).write_text(str(text))
    return folder


def spoken(bundle):
    """Lines `seed phonemes` of all that was asked of the model, in every process."""
    return [line for path in sorted(Path(bundle).glob("spoken-*")) for line in path.read_text().splitlines()]


def batches_too_large(bundle):
    """Rows of every batch that did not fit into memory."""
    return [int(line) for path in sorted(Path(bundle).glob("too-large-*")) for line in path.read_text().splitlines()]


def _tone(token, n_frames):
    pitch = 100 + int.from_bytes(hashlib.blake2b(token.encode(), digest_size=2).digest()) % 400
    loudness = 0.0 if token in ",.?!|" else 0.1
    return loudness * np.sin(2 * np.pi * pitch * np.arange(n_frames * FRAME) / RATE_HZ)
