"""Audio samples of the README, made with the Python API: `python -m tools.make_samples`.

Voices and recordings are those of `manifests/voices`; the files are small MP3s in `docs/samples`.
"""

from __future__ import annotations

from pathlib import Path

import hierbatch
from hierbatch.audio.files import read_sound

_ROOT = Path(__file__).resolve().parents[1]
_VOICES = _ROOT / "manifests" / "voices"
_OUT = _ROOT / "docs" / "samples"

_ENGLISH = (
    "The lighthouse keeper counted the ships every evening. On the third of October there were twenty-seven, "
    "and one of them carried no light at all."
)
_KOREAN = "등대지기는 저녁마다 배를 세었습니다. 시월 삼일에는 스물일곱 척이 있었고, 그중 한 척에는 불빛이 없었습니다."


def make_samples(folder: Path) -> list[Path]:
    """Write all samples to a folder and return their paths."""
    lite = hierbatch.load("lite")
    narrator = lite.voice(_VOICES / "narrator.flac", consent="licensed")
    seoul = lite.voice(_VOICES / "seoul.flac", consent="licensed")
    target = lite.voice(_VOICES / "clear.flac", consent="licensed")
    source = _VOICES / "low.flac"
    english = lite.speak(_ENGLISH, voice=narrator, language="en")
    sounds = {
        "english": english,
        "korean": lite.speak(_KOREAN, voice=seoul, language="ko"),
        "korean_english_voice": lite.speak(_KOREAN, voice=narrator, language="ko"),
        "conversion_before": _recorded(source),
        "conversion_after": lite.convert(source, voice=target),
        "upsampling_before": _recorded(_VOICES / "clear.flac"),
        "upsampling_after": hierbatch.load("speechsr").upsample(_VOICES / "clear.flac", rate_hz=48_000),
    }
    folder.mkdir(parents=True, exist_ok=True)
    return [sound.save(folder / f"{name}.mp3") for name, sound in sounds.items()]


def _recorded(path: Path) -> hierbatch.Sound:
    """A recording as a sound that carries no synthetic-speech notice."""
    waveform = read_sound(path)
    return hierbatch.Sound(samples=waveform.samples, rate_hz=waveform.rate_hz, is_synthetic=False)


if __name__ == "__main__":
    for path in make_samples(_OUT):
        print(f"{path.relative_to(_ROOT)}: {path.stat().st_size / 1024:.0f} KiB")
