"""Full-band recordings: which are taken, which are held out, and that what is heard is what is wanted under 7 kHz."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from hierbatch.audio.files import encode_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError
from hierbatch.models.speechsr_lite.config import SpeechSRLiteConfig
from hierbatch.training.full_band import draw_lesson, is_held_out, read_full_band
from hierbatch.training.recipes.speechsr_lite import SpeechSRLiteRecipe
from hierbatch.training.top_band_loss import TopBandLoss


def hiss(n_samples, seed):
    rng = np.random.default_rng(seed)
    return Waveform((0.1 * rng.standard_normal(n_samples)).astype(np.float32), 48_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("speech")
    texts = [f"Sentence {n}" for n in range(60)]
    rows = {
        "id": [f"r{n}" for n in range(60)],
        "speaker": ["anna" if n % 2 else "ben" for n in range(60)],
        "text": texts,
        "original_rate_hz": [48_000] * 59 + [16_000],
        "audio": [{"bytes": encode_sound(hiss(60_000, n)), "path": f"r{n}.flac"} for n in range(60)],
    }
    pq.write_table(pa.table(rows), folder / "a.parquet")
    pq.write_table(pa.table({"other": [1]}), folder / "b.parquet")
    return folder


def test_recordings_of_a_full_band_are_read_and_some_texts_held_out(folder):
    clips = read_full_band(folder)
    assert len(clips) == 59
    held_out = [clip.id for clip in clips if clip.is_held_out]
    assert 0 < len(held_out) < 15
    assert [clip.id for clip in read_full_band(folder, held_out_only=True)] == held_out
    assert is_held_out("Sentence 1 ") == is_held_out("sentence 1")


def test_a_folder_without_any_is_told(tmp_path, folder):
    pq.write_table(pa.table({"other": [1]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="no full-band recordings"):
        read_full_band(tmp_path)
    (tmp_path / "c.parquet").write_text("no parquet")
    with pytest.raises(InputError, match="cannot be read"):
        read_full_band(tmp_path)


def test_what_is_heard_is_what_is_wanted_and_nothing_above_8_khz(folder):
    lesson = draw_lesson(read_full_band(folder), 4, 24_000, np.random.default_rng(0))
    for wanted, heard in zip(lesson.wanted, lesson.heard, strict=True):
        low, all_of_it = np.fft.rfft(heard.astype(np.float64)) * 3, np.fft.rfft(wanted.astype(np.float64))
        n_under_7_khz = 7_000 * 24_000 // 48_000
        np.testing.assert_allclose(low[:n_under_7_khz], all_of_it[:n_under_7_khz], atol=1e-3)
        assert np.abs(low[-5:]).max() < 1e-3 < np.abs(all_of_it[5_000:6_000]).mean()
    assert (lesson.top_hz <= 24_000).all()


def test_the_loss_grows_with_the_difference_and_looks_under_the_rows_top_only():
    loss, wanted = TopBandLoss(), torch.from_numpy(np.stack([hiss(24_000, n).samples for n in range(2)]))
    top_hz = torch.tensor([20_000.0, 20_000.0])
    at = [float(loss(wanted * gain, wanted, top_hz)) for gain in (1.0, 1.2, 2.0)]
    assert at[0] == 0
    assert at[0] < at[1] < at[2]
    assert float(loss(wanted * 2, wanted, torch.tensor([5_000.0, 5_000.0]))) == 0


def test_the_light_speechsr_learns(folder):
    torch.manual_seed(0)
    config = SpeechSRLiteConfig(width=16, blocks=1)
    recipe, rng = SpeechSRLiteRecipe(read_full_band(folder), config, batch_size=2), np.random.default_rng(0)
    optimizer = torch.optim.Adam(recipe.network.parameters(), lr=1e-2)
    totals = []
    for _ in range(8):
        total = recipe.losses(recipe.network, rng)["top"]
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        totals.append(float(total.detach()))
    assert np.mean(totals[-2:]) < 0.8 * np.mean(totals[:2])
    assert recipe.validate(recipe.network) == recipe.validate(recipe.network)
