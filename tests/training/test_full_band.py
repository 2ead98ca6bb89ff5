"""Full-band recordings: which are taken, which are held out, and that what is heard is what is wanted under 7 kHz."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from hierbatch.audio.files import encode_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError
from hierbatch.models.upsampling.lite.config import SpeechSRLiteConfig
from hierbatch.training.full_band import draw_full_band_batch, is_held_out, read_full_band
from hierbatch.training.high_band_loss import HighBandLoss
from hierbatch.training.recipes.speechsr_lite import SpeechSRLiteRecipe
from hierbatch.training.recipes.speechsr_lite_gan import SpeechSRLiteGanRecipe


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


def test_a_folder_without_recordings_is_reported(tmp_path, folder):
    pq.write_table(pa.table({"other": [1]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="no full-band recordings"):
        read_full_band(tmp_path)
    (tmp_path / "c.parquet").write_text("no parquet")
    with pytest.raises(InputError, match="cannot be read"):
        read_full_band(tmp_path)


def test_the_band_below_8_khz_is_exact_and_the_rest_empty(folder):
    lesson = draw_full_band_batch(read_full_band(folder), 4, 24_000, np.random.default_rng(0))
    for wanted, heard in zip(lesson.target, lesson.narrowband, strict=True):
        low, all_of_it = np.fft.rfft(heard.astype(np.float64)) * 3, np.fft.rfft(wanted.astype(np.float64))
        n_under_7_khz = 7_000 * 24_000 // 48_000
        np.testing.assert_allclose(low[:n_under_7_khz], all_of_it[:n_under_7_khz], atol=1e-3)
        assert np.abs(low[-5:]).max() < 1e-3 < np.abs(all_of_it[5_000:6_000]).mean()
    assert (lesson.bandwidth_hz <= 24_000).all()


def test_the_loss_grows_with_the_difference_and_looks_under_the_rows_top_only():
    loss, wanted = HighBandLoss(), torch.from_numpy(np.stack([hiss(24_000, n).samples for n in range(2)]))
    bandwidth_hz = torch.tensor([20_000.0, 20_000.0])
    at = [float(loss(wanted * gain, wanted, bandwidth_hz)) for gain in (1.0, 1.2, 2.0)]
    assert at[0] == 0
    assert at[0] < at[1] < at[2]
    assert float(loss(wanted * 2, wanted, torch.tensor([5_000.0, 5_000.0]))) == 0


@pytest.mark.slow
@pytest.mark.parametrize("recipe_of", [SpeechSRLiteRecipe, SpeechSRLiteGanRecipe])
def test_the_light_speechsr_learns(folder, recipe_of):
    torch.manual_seed(0)
    config = SpeechSRLiteConfig(width=16, blocks=1)
    recipe, rng = recipe_of(read_full_band(folder), config, batch_size=2), np.random.default_rng(0)
    optimizer = torch.optim.Adam(recipe.network.parameters(), lr=1e-2)
    before = recipe.validate(recipe.network)
    assert recipe.validate(recipe.network) == before
    for _ in range(12):
        losses = recipe.losses(recipe.network, rng)
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()
    assert recipe.validate(recipe.network)["high_band"] < 0.8 * before["high_band"]


def test_discriminators_and_high_band_losses_do_not_train_each_other(folder):
    torch.manual_seed(0)
    recipe = SpeechSRLiteGanRecipe(read_full_band(folder), SpeechSRLiteConfig(width=16, blocks=1), batch_size=2)
    for name, loss in recipe.losses(recipe.network, np.random.default_rng(0)).items():
        recipe.network.zero_grad()
        loss.backward(retain_graph=True)
        for weight_name, weight in recipe.network.named_parameters():
            is_taught = weight.grad is not None and bool(weight.grad.any())
            assert is_taught == (weight_name.startswith("discriminators.") == (name == "discriminators")), (
                name,
                weight_name,
            )


def test_what_the_critics_hear_ends_where_recordings_and_network_still_have_sound(folder):
    recipe = SpeechSRLiteGanRecipe(read_full_band(folder), SpeechSRLiteConfig(width=16, blocks=1), batch_size=2)
    heard = []
    recipe.network.discriminators.register_forward_pre_hook(lambda _, sounds: heard.append(sounds[0].detach()))
    recipe.losses(recipe.network, np.random.default_rng(0))
    assert len(heard) == 3
    for sound in heard:
        spectrum = torch.fft.rfft(sound.double()).abs()
        bins_hz = torch.fft.rfftfreq(sound.shape[-1], 1 / 48_000)
        assert spectrum[:, bins_hz > 19_000].max() < 1e-3 < spectrum[:, (bins_hz > 12_000) & (bins_hz < 15_000)].mean()
