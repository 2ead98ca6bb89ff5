"""Any recording to 24 or 48 kHz with a top of its own, of any length: pieces with context that equal the whole.

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
from hierbatch.errors import BundleError, InputError, SynthesisError
from hierbatch.models.bundle import Bundle, find_bundle
from hierbatch.models.outline import DEFAULT_UPSAMPLER, UPSAMPLER_KIND, UPSAMPLER_PARTS, upsampled_rates
from hierbatch.models.placement import Placement, to_array
from hierbatch.models.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.speechsr.model import SpeechSR
from hierbatch.models.speechsr_lite.config import HOP_SAMPLES, SpeechSRLiteConfig
from hierbatch.models.speechsr_lite.model import SpeechSRLite
from hierbatch.units import RATE_HZ

RATES_HZ = tuple(UPSAMPLER_PARTS)

PIECE_SAMPLES = 2560 * HOP_SAMPLES
"""At 16 kHz, 20.5 s: whole frames of the light network, so that each piece has the frames of the whole."""
CONTEXT_SAMPLES = 32 * HOP_SAMPLES
"""Heard on either side of a piece and left away: 256 ms, where the light network sees 130 and the published one 7."""


class _Network(Protocol):
    def __call__(self, sound: Tensor, lengths: Tensor | None = None, /) -> Tensor:
        """Shape: [B, 1, N], lengths [B] -> [B, 1, M]."""


class Upsampler:
    """SpeechSR with one bundle's weights on one device."""

    WINDOW_S: ClassVar[float] = (PIECE_SAMPLES + 2 * CONTEXT_SAMPLES) / RATE_HZ
    """How much of a recording is in memory at a time: a piece and its context."""

    def __init__(self, bundle: Bundle, make: Callable[[int], nn.Module], placement: Placement) -> None:
        """Raises BundleError where the bundle holds no SpeechSR."""
        self.name, self.fingerprint = bundle.name, bundle.fingerprint
        self.rates_hz = upsampled_rates(bundle)
        """Rates there is a network for."""
        self._make, self._placement = make, placement
        self._networks: dict[int, _Network] = {}

    @staticmethod
    def load(bundle: str | Path = DEFAULT_UPSAMPLER, device: str = "cpu") -> Upsampler:
        """The instrument of a bundle by its name or folder; `device` is a `Placement` in one word.

        Raises:
            BundleError: no such bundle, or it holds no SpeechSR.
            InputError: there is no such device here.
        """
        found = find_bundle(bundle)
        make = _light if found.kind == UPSAMPLER_KIND else _published
        return Upsampler(found, make(found), Placement.here(device))

    def prepare(self, rate_hz: int) -> None:
        """Load the network of a rate now.

        Raises:
            InputError: no SpeechSR gives that rate.
            BundleError: the bundle has no network for it, or a damaged one.
        """
        if rate_hz not in RATES_HZ:
            raise InputError(
                "SpeechSR does not give this rate", wanted=" or ".join(map(str, RATES_HZ)), got=f"{rate_hz} Hz"
            )
        if rate_hz not in self._networks:
            self._networks[rate_hz] = cast("_Network", self._placement.place(self._make(rate_hz)))

    def upsample(self, sound: Waveform, rate_hz: int) -> Waveform:
        """The recording at `rate_hz`, everything above 8 kHz made anew; as long as `resample` would make it.

        Raises:
            InputError, BundleError: as `prepare` does.
            SynthesisError: the network gave samples that are not numbers.
        """
        made = np.zeros(resampled_length(sound.n_samples, sound.rate_hz, rate_hz), np.float32)
        start = 0
        for piece in self.pieces(sound, rate_hz):
            made[start : start + len(piece)] = piece
            start += len(piece)
        return Waveform(made, rate_hz)

    def pieces(self, sound: Waveform, rate_hz: int) -> Iterator[Samples]:
        """The same, a piece at a time."""
        return self.stream([sound.samples], sound.rate_hz, rate_hz)

    def stream(self, blocks: Iterable[Samples], from_hz: int, rate_hz: int) -> Iterator[Samples]:
        """The same of a recording that streams by in blocks of any size: memory for 21 s of sound, however long it is.

        Shape:
            blocks   each [L]
            returns  each [at most 20.5 s]
        """
        return (piece for _, piece in self.stream_all([SoundStream(blocks, from_hz)], rate_hz))

    def stream_all(self, sounds: Sequence[SoundStream], rate_hz: int) -> Iterator[tuple[int, Samples]]:
        """The same of many, a piece of each going through the network together; each sounds as it would alone.

        Memory is for as many times 21 s, or the length of the longest, as there are recordings.

        Shape:
            returns  the number of a recording, and its next piece [at most 20.5 s]

        Raises:
            InputError, BundleError, SynthesisError: as `upsample`; and what the blocks raise themselves.
        """
        self.prepare(rate_hz)
        going = [_windows(sound, rate_hz) for sound in sounds]
        while next_ones := [(row, window) for row, rest in enumerate(going) if (window := next(rest, None))]:
            made = self._run([window.heard for _, window in next_ones], rate_hz)
            for (row, window), sound in zip(next_ones, made, strict=True):
                piece = sound[window.piece]
                if not np.isfinite(piece).all():
                    raise SynthesisError("The model gave samples that are not numbers")
                yield row, piece

    def _run(self, rows: Sequence[Samples], rate_hz: int) -> list[Samples]:
        """Each row at the higher rate. Shape: each [N, even] -> each [M]."""
        n_samples = [len(row) for row in rows]
        padded = np.zeros((len(rows), 1, max(n_samples)), np.float32)
        for place, row in zip(padded, rows, strict=True):
            place[0, : len(row)] = row
        # Reading lengths waits for a GPU, and breaks a compiled network in two: not where there is no need.
        are_alike = len(set(n_samples)) == 1
        lengths = None if are_alike else torch.tensor(n_samples, device=self._placement.device)
        with self._placement.computing():
            made = self._networks[rate_hz](self._placement.tensor(padded), lengths)
        return [sound[: n * rate_hz // RATE_HZ] for sound, n in zip(to_array(made[:, 0]), n_samples, strict=True)]


@dataclass(frozen=True, slots=True)
class _Window:
    """A piece of a recording between its context."""

    heard: Samples
    """Both, at 16 kHz."""
    piece: slice
    """Where the piece lies in what is made of them, at the higher rate."""


def _windows(sound: SoundStream, rate_hz: int) -> Iterator[_Window]:
    n_in = n_out = 0

    def counted() -> Iterator[Samples]:
        nonlocal n_in
        for block in sound.blocks:
            n_in += len(block)
            yield block

    for cut, n_left, is_last in _cuts(resample_blocks(counted(), sound.rate_hz, RATE_HZ)):
        n_wanted = PIECE_SAMPLES * rate_hz // RATE_HZ
        if is_last:
            n_wanted = resampled_length(n_in, sound.rate_hz, rate_hz) - n_out
        n_out += n_wanted
        left = n_left * rate_hz // RATE_HZ
        # At 24 kHz two samples make three: an odd last one would lose half a sample.
        yield _Window(np.pad(cut, (0, len(cut) % 2)), slice(left, left + n_wanted))


def _cuts(heard: Iterable[Samples]) -> Iterator[tuple[Samples, int, bool]]:
    """Pieces of a stream with their context: samples, how many of them come before the piece, and whether it is the
    last."""
    stream, held, n_left, is_ended = iter(heard), np.zeros(0, np.float32), 0, False
    while True:
        while not is_ended and len(held) < n_left + PIECE_SAMPLES + CONTEXT_SAMPLES:
            block = next(stream, None)
            is_ended = block is None
            held = held if block is None else np.concatenate([held, block])
        if len(held) == n_left:
            return
        is_last = is_ended and len(held) <= n_left + PIECE_SAMPLES
        yield held[: n_left + PIECE_SAMPLES + CONTEXT_SAMPLES], n_left, is_last
        if is_last:
            return
        end = n_left + PIECE_SAMPLES
        n_left = min(CONTEXT_SAMPLES, end)
        held = held[end - n_left :]


def _light(bundle: Bundle) -> Callable[[int], nn.Module]:
    def make(rate_hz: int) -> nn.Module:
        network = SpeechSRLite(SpeechSRLiteConfig.from_dict(bundle.config), rate_hz)
        return _filled(network, bundle, bundle.load_weights())

    return make


def _published(bundle: Bundle) -> Callable[[int], nn.Module]:
    def make(rate_hz: int) -> nn.Module:
        network = SpeechSR(speechsr_48k() if rate_hz == 48_000 else speechsr_24k())
        return _filled(network, bundle, bundle.load_part(UPSAMPLER_PARTS[rate_hz]))

    return make


def _filled(network: nn.Module, bundle: Bundle, weights: dict[str, Tensor]) -> nn.Module:
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise BundleError(
            f"The weights of bundle {bundle.name!r} do not fit its configuration",
            got=" ".join(str(error).split()),
            mend="reinstall hierbatch, or import the bundle again",
        ) from error
    return network
