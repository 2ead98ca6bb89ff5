"""Sampled prosody in TTV: words of symbols with blanks, durations and contours."""

from __future__ import annotations

import numpy as np
import torch

from hierbatch.frontend.symbols import SYMBOL_IDS
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.hierspeechpp.english_text import symbol_ids
from hierbatch.models.hierspeechpp.text import TextStage
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector, ceil_durations
from hierbatch.models.hierspeechpp.text_to_vector.word_prosody import (
    recorded_values,
    replace_contours,
    scale_word_durations,
)
from hierbatch.models.hierspeechpp.vocabulary import phoneme_vocabulary, published_vocabulary, words_with_blanks
from hierbatch.models.speech import SpeechRequest
from hierbatch.models.weights.bundle import Bundle

WORDS = np.array([-1, 0, 0, 0, 0, -1, -1, 1, 1, -1, -1])
FRAMES = np.array([2, 1, 4, 1, 6, 3, 5, 2, 7, 1, 2])


def test_words_are_between_spaces_and_blanks_follow_their_symbol() -> None:
    ids = symbol_ids("həloʊ wɜːld.")
    words = words_with_blanks(ids, published_vocabulary().silent_ids)
    assert len(words) == 2 * len(ids) + 1
    assert words.tolist() == [-1, *[0] * 10, -1, -1, *[1] * 10, -1, -1]
    silent = phoneme_vocabulary().silent_ids
    assert {SYMBOL_IDS[symbol] for symbol in ("|", ",", "^")} <= silent
    assert not {SYMBOL_IDS[symbol] for symbol in ("ɹ", "p͈", "tɕʰ")} & silent


def test_words_last_as_long_as_sampled_and_pauses_as_predicted() -> None:
    log_durations = torch.log(torch.tensor(FRAMES, dtype=torch.float32))[None, None]
    values = torch.zeros(2, 5)
    values[:, -1] = torch.log(torch.tensor([20.0 / 4, 40.0 / 2]))
    scaled = ceil_durations(scale_word_durations(log_durations, WORDS, values), torch.ones(1, 1, len(WORDS)), 1.0)
    totals = [int(scaled[0, 0, torch.from_numpy(word == WORDS)].sum()) for word in (0, 1)]
    np.testing.assert_allclose(totals, [20, 40], atol=2)
    pauses = torch.from_numpy(WORDS < 0)
    torch.testing.assert_close(scaled[0, 0, pauses], torch.tensor(FRAMES, dtype=torch.float32)[pauses])


def test_contours_are_those_sampled_and_unvoiced_frames_stay() -> None:
    n_values = 4 * int(FRAMES.sum())
    f0_hz = 150 + 20 * np.sin(np.arange(n_values) / 15)
    f0_hz[40:52] = 0.0
    log_f0 = torch.log1p(torch.from_numpy(f0_hz.astype(np.float32)))[None, None]
    values = torch.tensor([[0.2, 0.1, 0, 0, 0], [-0.2, 0, 0, 0, 0]])
    changed = replace_contours(log_f0, torch.from_numpy(FRAMES)[None, None], [WORDS], [values])
    new_hz = np.expm1(changed[0, 0].numpy())
    assert not new_hz[40:52].any()
    found = recorded_values(WORDS, FRAMES, new_hz)
    # Both are relative to a median, which the change moves.
    np.testing.assert_allclose(found[0, 0] - found[1, 0], 0.4, atol=0.1)


def test_two_seeds_speak_differently_and_a_temperature_of_zero_does_not() -> None:
    torch.manual_seed(0)
    config = TextToVectorConfig(
        style_channels=8, channels=16, wide_channels=16, text_layers=1, semantic_channels=8, posterior_layers=1,
        decoder_channels=8, decoder_layers=1, pitch_channels=8, prosody_width=8,
    )  # fmt: skip
    network = TextToVector(config).eval()
    style = np.zeros(8, np.float32)

    class Voice:
        text_style = style

    def frames(seed: int, temperature: float) -> torch.Tensor:
        bundle = Bundle(
            folder=None, name="tiny", kind="hierspeechpp", languages=("en",), rate_hz=16000, license="MIT", config={},
            synthesis={"prosody_temperature": temperature}, weights_sha256="0" * 64,
        )  # fmt: skip
        stage = TextStage(bundle, network, 0.0, DevicePlacement())
        request = SpeechRequest(phonemes="h ə l ˈoʊ , w ˈɝ l d .", language="en", voice=Voice(), seed=seed)
        with torch.inference_mode():
            text = stage.encode(request, np.random.default_rng(seed))
            return text.values, stage.decode([request], [text], [np.random.default_rng(seed)]).log_f0

    (one, one_f0), (other, _) = frames(1, 1.0), frames(2, 1.0)
    assert (one - other).abs().max() > 0.1
    assert one_f0.isfinite().all()
    torch.testing.assert_close(frames(1, 1e-6)[0], frames(2, 1e-6)[0], atol=1e-4, rtol=0)
