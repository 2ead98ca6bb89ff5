"""Batch speech with HierSpeech2: text to speech, voice conversion and super-resolution.

    tts = hierbatch.load("lite")
    speech = tts.speak("Hello.", voice="narrator.flac", consent="licensed")
    speech.save("hello.flac")

The names below are imported when they are first used, so that importing the package loads no library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hierbatch.analysis import figures
    from hierbatch.analysis.comparison import compare
    from hierbatch.analysis.similarity import similarity_matrix
    from hierbatch.analysis.study import open_run
    from hierbatch.api import voices
    from hierbatch.api.books import master_book, narrate
    from hierbatch.api.corpora import corpus, export
    from hierbatch.api.jobs import convert_files, dub, run, sing_files, upsample_files
    from hierbatch.api.loading import load
    from hierbatch.api.sound import Sound, Word
    from hierbatch.api.speech import SpeechPipeline
    from hierbatch.api.training import finetune, intake, prepare
    from hierbatch.api.upsampling import UpsamplingPipeline
    from hierbatch.api.voice import Voice
    from hierbatch.errors import HierbatchError

_MODULES = {
    "compare": "hierbatch.analysis.comparison",
    "convert_files": "hierbatch.api.jobs",
    "corpus": "hierbatch.api.corpora",
    "dub": "hierbatch.api.jobs",
    "export": "hierbatch.api.corpora",
    "HierbatchError": "hierbatch.errors",
    "figures": "hierbatch.analysis.figures",
    "finetune": "hierbatch.api.training",
    "intake": "hierbatch.api.training",
    "load": "hierbatch.api.loading",
    "master_book": "hierbatch.api.books",
    "narrate": "hierbatch.api.books",
    "open_run": "hierbatch.analysis.study",
    "prepare": "hierbatch.api.training",
    "run": "hierbatch.api.jobs",
    "similarity_matrix": "hierbatch.analysis.similarity",
    "Sound": "hierbatch.api.sound",
    "SpeechPipeline": "hierbatch.api.speech",
    "sing_files": "hierbatch.api.jobs",
    "upsample_files": "hierbatch.api.jobs",
    "UpsamplingPipeline": "hierbatch.api.upsampling",
    "Voice": "hierbatch.api.voice",
    "voices": "hierbatch.api.voices",
    "Word": "hierbatch.api.sound",
}

__all__ = [
    "HierbatchError",
    "Sound",
    "SpeechPipeline",
    "UpsamplingPipeline",
    "Voice",
    "Word",
    "compare",
    "convert_files",
    "corpus",
    "dub",
    "export",
    "figures",
    "finetune",
    "intake",
    "load",
    "master_book",
    "narrate",
    "open_run",
    "prepare",
    "run",
    "similarity_matrix",
    "sing_files",
    "upsample_files",
    "voices",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'hierbatch' has no attribute {name!r}")
    module = import_module(_MODULES[name])
    return module if _MODULES[name].endswith(f".{name}") else getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
