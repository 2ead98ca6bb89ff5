"""Bandwidth extension of recordings of any length to 24 or 48 kHz, in chunks with context.

The joined chunks equal the output for the whole recording.

Legend: B batch, N samples at 16 kHz, M samples at the higher rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from hierbatch.audio.resample import resample_blocks, resampled_length
from hierbatch.audio.waveform import Samples, SoundStream, Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import BundleError, InputError, SynthesisError
from hierbatch.models.catalog.load_failures import described_failures
from hierbatch.models.catalog.model_info import (
    DEFAULT_UPSAMPLER,
    UPSAMPLER_COMPONENTS,
    UPSAMPLER_KIND,
    get_upsampling_rates,
)
from hierbatch.models.device_placement import DevicePlacement, to_array
from hierbatch.models.hierspeechpp.networks import load_speechsr
from hierbatch.models.upsampling.lite.config import HOP_SAMPLES, SpeechSRLiteConfig
from hierbatch.models.upsampling.lite.model import SpeechSRLite
from hierbatch.models.weights.bundle import Bundle, find_bundle

RATES_HZ = tuple(UPSAMPLER_COMPONENTS)

CHUNK_SAMPLES = 2560 * HOP_SAMPLES
"""Chunk length at 16 kHz (20.5 s): whole SpeechSR-Lite frames, so a chunk has the frames of the whole recording."""
CONTEXT_SAMPLES = 32 * HOP_SAMPLES
"""Context on either side of a chunk at 16 kHz (256 ms), which is dropped from the output.

The receptive field reaches 130 ms to either side in SpeechSR-Lite and 7 ms in the published network.
"""


class _Network(Protocol):
    def __call__(self, sound: Tensor, lengths: Tensor | None = None, /) -> Tensor:
        """Extend rows to the higher rate. Shape: [B, 1, N], lengths [B] -> [B, 1, M]."""


class Upsampler:
    """SpeechSR with the weights of one bundle on one device."""

    WINDOW_S: ClassVar[float] = (CHUNK_SAMPLES + 2 * CONTEXT_SAMPLES) / RATE_HZ
    """Seconds of a recording in memory at a time: one chunk and its context."""

    def __init__(self, bundle: Bundle, make: Callable[[int], nn.Module], placement: DevicePlacement) -> None:
        """Create the upsampler for `bundle`; each network is loaded on first use.

        Args:
            bundle: bundle with at least one SpeechSR.
            make: builds the network for an output rate in Hz.
            placement: device and precision.

        Raises:
            BundleError: the bundle has no SpeechSR.
        """
        self.name, self.fingerprint = bundle.name, bundle.fingerprint
        self.rates_hz = get_upsampling_rates(bundle)
        """Output rates that the bundle has a network for, in Hz."""
        self._make, self._placement = make, placement
        self._networks: dict[int, _Network] = {}

    @staticmethod
    def load(bundle: str | Path = DEFAULT_UPSAMPLER, placement: DevicePlacement | None = None) -> Upsampler:
        """Load the SpeechSR of a bundle, given by name or folder; on the CPU by default.

        Raises:
            BundleError: there is no such bundle, or it has no SpeechSR.
            InputError: this machine has no such device.
        """
        found = find_bundle(bundle)
        make = _lite_builder if found.kind == UPSAMPLER_KIND else _published_builder
        placement = placement or DevicePlacement()
        placement.check_available()
        return Upsampler(found, make(found), placement)

    def prepare(self, rate_hz: int) -> None:
        """Load the network for an output rate now instead of at its first use.

        Raises:
            InputError: SpeechSR does not support that rate.
            BundleError: the bundle has no network for that rate, the network is damaged, or the device has too little
                memory.
        """
        if rate_hz not in RATES_HZ:
            raise InputError(
                "SpeechSR does not support this rate", expected=" or ".join(map(str, RATES_HZ)), got=f"{rate_hz} Hz"
            )
        if rate_hz not in self._networks:
            with described_failures(self.name, self._placement):
                self._networks[rate_hz] = cast("_Network", self._placement.place(self._make(rate_hz)))

    def upsample(self, sound: Waveform, rate_hz: int) -> Waveform:
        """Extend a recording to `rate_hz`; content above 8 kHz is synthesized. The length is that of `resample`.

        Raises:
            InputError, BundleError: as in `prepare`.
            SynthesisError: the network returned samples that are not finite.
        """
        output = np.zeros(resampled_length(sound.n_samples, sound.rate_hz, rate_hz), np.float32)
        start = 0
        for chunk in self.pieces(sound, rate_hz):
            output[start : start + len(chunk)] = chunk
            start += len(chunk)
        return Waveform(output, rate_hz)

    def pieces(self, sound: Waveform, rate_hz: int) -> Iterator[Samples]:
        """Yield the output of `upsample` in chunks."""
        return self.stream([sound.samples], sound.rate_hz, rate_hz)

    def stream(self, blocks: Iterable[Samples], from_hz: int, rate_hz: int) -> Iterator[Samples]:
        """Extend a recording that arrives in blocks of any size; memory use is that of 21 s of audio.

        Args:
            blocks: consecutive samples.
            from_hz: rate of the blocks.
            rate_hz: output rate.

        Shape:
            blocks   each [any]
            returns  each [at most 20.5 s]
        """
        return (chunk for _, chunk in self.stream_all([SoundStream(blocks, from_hz)], rate_hz))

    def stream_all(self, sounds: Sequence[SoundStream], rate_hz: int) -> Iterator[tuple[int, Samples]]:
        """Extend several streams at once, one chunk of each per batch; each output is independent of the batch.

        Memory use per recording is that of 21 s of audio, or of the longest recording if that is shorter.

        Shape:
            returns  index of a recording, and its next chunk [at most 20.5 s]

        Raises:
            InputError, BundleError, SynthesisError: as in `upsample`; also whatever the streams raise themselves.
        """
        self.prepare(rate_hz)
        streams = [_windows(sound, rate_hz) for sound in sounds]
        while batch := [(row, window) for row, rest in enumerate(streams) if (window := next(rest, None))]:
            outputs = self._run([window.samples for _, window in batch], rate_hz)
            for (row, window), output in zip(batch, outputs, strict=True):
                chunk = output[window.chunk]
                if not np.isfinite(chunk).all():
                    raise SynthesisError("The model returned samples that are not finite")
                yield row, chunk

    def _run(self, rows: Sequence[Samples], rate_hz: int) -> list[Samples]:
        """Run the network on rows that each have an even number of samples. Shape: each [N] -> each [M]."""
        n_samples = [len(row) for row in rows]
        padded = np.zeros((len(rows), 1, max(n_samples)), np.float32)
        for padded_row, row in zip(padded, rows, strict=True):
            padded_row[0, : len(row)] = row
        # Reading `lengths` synchronizes with the GPU and splits the compiled graph, so it is omitted if unnecessary.
        is_uniform = len(set(n_samples)) == 1
        lengths = None if is_uniform else torch.tensor(n_samples, device=self._placement.device)
        with self._placement.inference_mode():
            output = self._networks[rate_hz](self._placement.tensor(padded), lengths)
        return [sound[: n * rate_hz // RATE_HZ] for sound, n in zip(to_array(output[:, 0]), n_samples, strict=True)]


@dataclass(frozen=True, slots=True)
class _Window:
    """One chunk of a recording with context on both sides."""

    samples: Samples
    """Chunk and context at 16 kHz."""
    chunk: slice
    """Position of the chunk in the output for `samples`, at the higher rate."""


def _windows(sound: SoundStream, rate_hz: int) -> Iterator[_Window]:
    n_in = n_out = 0

    def counted() -> Iterator[Samples]:
        nonlocal n_in
        for block in sound.blocks:
            n_in += len(block)
            yield block

    for samples, n_left, is_last in _split(resample_blocks(counted(), sound.rate_hz, RATE_HZ)):
        n_chunk = CHUNK_SAMPLES * rate_hz // RATE_HZ
        if is_last:
            n_chunk = resampled_length(n_in, sound.rate_hz, rate_hz) - n_out
        n_out += n_chunk
        left = n_left * rate_hz // RATE_HZ
        # At 24 kHz two samples become three: an odd last sample would lose half a sample.
        yield _Window(np.pad(samples, (0, len(samples) % 2)), slice(left, left + n_chunk))


def _split(blocks: Iterable[Samples]) -> Iterator[tuple[Samples, int, bool]]:
    """Yield each chunk with its context, the number of context samples before it, and True for the last chunk."""
    stream, buffer, n_left, is_ended = iter(blocks), np.zeros(0, np.float32), 0, False
    while True:
        while not is_ended and len(buffer) < n_left + CHUNK_SAMPLES + CONTEXT_SAMPLES:
            block = next(stream, None)
            is_ended = block is None
            buffer = buffer if block is None else np.concatenate([buffer, block])
        if len(buffer) == n_left:
            return
        is_last = is_ended and len(buffer) <= n_left + CHUNK_SAMPLES
        yield buffer[: n_left + CHUNK_SAMPLES + CONTEXT_SAMPLES], n_left, is_last
        if is_last:
            return
        end = n_left + CHUNK_SAMPLES
        n_left = min(CONTEXT_SAMPLES, end)
        buffer = buffer[end - n_left :]


def _lite_builder(bundle: Bundle) -> Callable[[int], nn.Module]:
    def make(rate_hz: int) -> nn.Module:
        network = SpeechSRLite(SpeechSRLiteConfig.from_dict(bundle.config), rate_hz)
        try:
            network.load_state_dict(bundle.load_weights())
        except RuntimeError as error:
            raise BundleError(
                f"The weights of bundle {bundle.name!r} do not fit its configuration",
                got=" ".join(str(error).split()),
                fix="reinstall hierbatch, or import the bundle again",
            ) from error
        return network

    return make


def _published_builder(bundle: Bundle) -> Callable[[int], nn.Module]:
    def make(rate_hz: int) -> nn.Module:
        return load_speechsr(bundle, UPSAMPLER_COMPONENTS[rate_hz])

    return make
