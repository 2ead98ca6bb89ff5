"""Check of the installation, which runs each component instead of only searching for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from hierbatch.errors import HierbatchError


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentCheck:
    """Result of the check of a component: `found` is its version or the error, `fix` the advice if it does not work."""

    part: str
    is_ok: bool
    found: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class _Probe:
    part: str
    run: Callable[[], str]
    fix: str
    is_optional: bool = False
    """True if the package belongs to an extra, so that its absence is not a failure."""


def check_installation(bundle: str = "lite") -> tuple[ComponentCheck, ...]:
    """Check every component; failures are part of the result and raise no error.

    Args:
        bundle: model bundle to check.
    """
    probes = (
        _Probe("hierbatch", lambda: version("hierbatch"), "pip install hierbatch"),
        _Probe("torch", _torch, "pip install -c constraints.txt torch torchaudio"),
        _Probe("ray", lambda: _import_version("ray"), "pip install ray, or run with --engine local"),
        _Probe("pyarrow", lambda: _import_version("pyarrow"), "pip install pyarrow"),
        _Probe("soundfile", _soundfile, "pip install soundfile"),
        _Probe("ffmpeg", _ffmpeg, "pip install imageio-ffmpeg"),
        _Probe("English phonemes (espeak-ng)", lambda: _phonemes("Hello world.", "en"), "pip install espeakng-loader"),
        _Probe("Korean phonemes (Kiwi)", lambda: _phonemes("안녕하세요.", "ko"), "pip install kiwipiepy"),
        _Probe("noise reduction (RNNoise)", _rnnoise, "pip install 'hierbatch[denoise]'", is_optional=True),
        _Probe(f"model bundle {bundle}", lambda: _bundle(bundle), "reinstall hierbatch, or name another bundle"),
    )
    return tuple(_examine(probe) for probe in probes)


def _examine(probe: _Probe) -> ComponentCheck:
    try:
        return ComponentCheck(part=probe.part, is_ok=True, found=probe.run())
    except HierbatchError as error:
        if probe.is_optional and isinstance(error.__cause__, ModuleNotFoundError):
            return ComponentCheck(part=probe.part, is_ok=True, found="not installed, optional", fix=probe.fix)
        return ComponentCheck(part=probe.part, is_ok=False, found=str(error), fix=probe.fix)
    except Exception as error:  # noqa: BLE001 - a broken package must not stop the other checks
        found = f"{type(error).__name__}: {error}".splitlines()[0]
        return ComponentCheck(part=probe.part, is_ok=False, found=found, fix=probe.fix)


def _import_version(package: str) -> str:
    __import__(package)
    return version(package)


def _torch() -> str:
    import torch
    import torchaudio

    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return f"{torch.__version__}, torchaudio {torchaudio.__version__}, on {', '.join(devices) or 'the CPU'}"


def _soundfile() -> str:
    import soundfile

    return f"{version('soundfile')}, {soundfile.__libsndfile_version__}"


def _ffmpeg() -> str:
    from hierbatch.programs import ffmpeg_program, run_program

    program = ffmpeg_program()
    first_line = run_program([program, "-version"], timeout_s=30).decode("utf-8", "replace").splitlines()[0]
    return f"{first_line.split(' Copyright')[0]} ({Path(program).name})"


def _phonemes(text: str, language: str) -> str:
    from hierbatch.frontend.speech_text import SpeechFrontEnd

    return f"{text} -> {SpeechFrontEnd().phonemize(text, language).phonemes}"


def _rnnoise() -> str:
    import numpy as np

    from hierbatch.audio.noise import reduce_noise
    from hierbatch.audio.waveform import Waveform

    reduce_noise(Waveform(np.zeros(4_800, np.float32), 48_000))
    return f"pyrnnoise {version('pyrnnoise')}"


def _bundle(name: str) -> str:
    from hierbatch.models.weights.bundle import find_bundle

    bundle = find_bundle(name)
    bundle.load_weights()
    megabytes = bundle.weights_path.stat().st_size / 1e6
    return f"{', '.join(bundle.languages)}, {bundle.rate_hz} Hz, {megabytes:.0f} MB, license {bundle.license}"
