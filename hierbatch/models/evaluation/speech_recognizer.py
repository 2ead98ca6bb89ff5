"""Speech recognition with a Whisper model from a local folder, in CTranslate2 or transformers layout.

Radford et al. 2022. Nothing is downloaded; the language is fixed and decoding is greedy, so transcripts are
deterministic.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import InputError, ProgramError

MAX_INPUT_S = 30.0
_MAX_TOKENS = 220
_EXPECTED = (
    "a folder with model.bin, config.json and tokenizer.json (CTranslate2), or with config.json, model.safetensors, "
    "preprocessor_config.json and the tokenizer's files (transformers)"
)


class SpeechRecognizer(Protocol):
    """Protocol for a speech recognizer, which transcribes the first 30 s of a recording and ignores the rest."""

    def transcribe(self, waveform: Waveform, language: str) -> str:
        """Transcribe speech in a given language."""
        ...


def load_recognizer(folder: Path) -> SpeechRecognizer:
    """Load the Whisper model in a folder.

    Raises:
        InputError: the folder has no Whisper model, or a damaged one.
        ProgramError: a required package is missing.
    """
    if (folder / "model.bin").is_file() and (folder / "tokenizer.json").is_file():
        kind: type[CTranslate2Whisper] | type[TransformersWhisper] = CTranslate2Whisper
    elif (folder / "preprocessor_config.json").is_file() and (folder / "config.json").is_file():
        kind = TransformersWhisper
    else:
        raise InputError("There is no Whisper model in the folder", expected=_EXPECTED, got=str(folder))
    try:
        return kind(folder)
    except ImportError as error:
        raise ProgramError(
            "A package for speech recognition is missing",
            got=str(error),
            fix="pip install -c constraints.txt '.[recognizer]'",
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"The Whisper model in {folder} cannot be loaded", expected=_EXPECTED, got=str(error).splitlines()[0]
        ) from error


class CTranslate2Whisper:
    """Whisper converted for CTranslate2; runs on the CPU with int8 weights."""

    def __init__(self, folder: Path) -> None:
        import ctranslate2
        from tokenizers import Tokenizer

        threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
        self._model = ctranslate2.models.Whisper(
            str(folder), device="cpu", compute_type="int8", inter_threads=1, intra_threads=threads
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._features = _feature_extractor(self._model.n_mels)
        self._view: Any = ctranslate2.StorageView

    def transcribe(self, waveform: Waveform, language: str) -> str:
        """Transcribe speech in a given language."""
        features = _log_mel(self._features, waveform)
        names = ("<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>")
        prompt = [self._tokenizer.token_to_id(name) for name in names]
        (result,) = self._model.generate(self._view.from_array(features), [prompt], beam_size=1, max_length=_MAX_TOKENS)
        end = self._tokenizer.token_to_id("<|endoftext|>")
        return str(self._tokenizer.decode([token for token in result.sequences_ids[0] if token < end])).strip()


class TransformersWhisper:
    """Whisper in the transformers format."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer, WhisperForConditionalGeneration

        self._model = WhisperForConditionalGeneration.from_pretrained(folder, local_files_only=True).eval()
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        settings = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        self._features = _feature_extractor(int(settings.get("feature_size", 80)))

    @torch.inference_mode()
    def transcribe(self, waveform: Waveform, language: str) -> str:
        """Transcribe speech in a given language."""
        features = torch.from_numpy(_log_mel(self._features, waveform))
        names = ("<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>")
        prompt = torch.tensor([self._tokenizer.convert_tokens_to_ids(list(names))])
        tokens = self._model.generate(
            features, decoder_input_ids=prompt, num_beams=1, do_sample=False, max_new_tokens=_MAX_TOKENS
        )
        return str(self._tokenizer.decode(tokens[0], skip_special_tokens=True)).strip()


def _feature_extractor(n_mels: int) -> Any:
    from transformers import WhisperFeatureExtractor

    return WhisperFeatureExtractor(feature_size=n_mels)


def _log_mel(extractor: Any, waveform: Waveform) -> Any:
    """Compute the log-mel input of Whisper for the first 30 s. Shape: returns [1, n_mels, 3000] float32."""
    samples = resample(waveform, RATE_HZ).samples[: int(MAX_INPUT_S * RATE_HZ)]
    features = extractor(samples, sampling_rate=RATE_HZ, return_tensors="np").input_features
    return np.ascontiguousarray(features, dtype=np.float32)
