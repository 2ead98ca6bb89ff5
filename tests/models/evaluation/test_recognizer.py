import json

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError
from hierbatch.models.evaluation.speech_recognizer import TransformersWhisper, load_recognizer

SPECIAL = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|ko|>", "<|transcribe|>", "<|notimestamps|>"]
WORDS = ["the", "night", "train", "밤", "기차"]


def write_tiny_whisper(folder):
    """A Whisper of random weights that knows five words, as transformers stores it."""
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    vocabulary = {word: index for index, word in enumerate([*WORDS, *SPECIAL])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<|endoftext|>"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.add_special_tokens(SPECIAL)
    config = WhisperConfig(
        vocab_size=len(vocabulary),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        bos_token_id=5,
        eos_token_id=5,
        pad_token_id=5,
        decoder_start_token_id=6,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    WhisperForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    page = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": SPECIAL[0]}
    (folder / "tokenizer_config.json").write_text(json.dumps(page))
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": 80}))
    return folder


def test_a_folder_of_transformers_is_read_and_writes_the_same_down_each_time(tmp_path):
    recognizer = load_recognizer(write_tiny_whisper(tmp_path))
    assert isinstance(recognizer, TransformersWhisper)
    noise = Waveform(np.random.default_rng(0).normal(0, 0.1, 24_000).astype(np.float32), 24_000)
    heard = recognizer.transcribe(noise, "en")
    assert heard == recognizer.transcribe(noise, "en")
    assert set(heard.split()) <= set(WORDS)


@pytest.mark.parametrize("files", [[], ["config.json"], ["model.bin"]])
def test_a_folder_without_a_model_is_refused_with_both_layouts_reported(tmp_path, files):
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"CTranslate2.*transformers"):
        load_recognizer(tmp_path)


@pytest.mark.parametrize("files", [["model.bin", "tokenizer.json"], ["config.json", "preprocessor_config.json"]])
def test_a_damaged_model_is_an_input_error(tmp_path, files):
    if "model.bin" in files:
        pytest.importorskip("ctranslate2", reason="reads CTranslate2's layout; the recognizer extra brings it")
    for name in files:
        (tmp_path / name).write_text("{}")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_recognizer(tmp_path)
