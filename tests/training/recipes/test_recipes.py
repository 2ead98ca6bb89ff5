"""Every network learns something from a handful of made recordings, and its held-out figures stand still."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hierbatch.errors import InputError
from hierbatch.frontend.phonemes import encode
from hierbatch.frontend.symbols import SYMBOL_IDS
from hierbatch.jobs.training.train import TrainJob, train
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.text_to_vector import LiteTextToVector
from hierbatch.models.weights.bundle import find_bundle
from hierbatch.training.aligned_segments import AlignedUtterance
from hierbatch.training.durations import align_prepared
from hierbatch.training.phase_checkpoints import pipeline_weights
from hierbatch.training.prepared import PreparedSet, PreparedUtterance
from hierbatch.training.recipes.acoustic import AcousticRecipe
from hierbatch.training.recipes.acoustic_tuning import AcousticTuningRecipe
from hierbatch.training.recipes.catalog import PHASES, Prerequisites, make_recipe
from hierbatch.training.recipes.content_encoder import ContentEncoderRecipe, augment_channel, augment_vocal_tract
from hierbatch.training.recipes.cross_speaker import CrossSpeakerRecipe
from hierbatch.training.recipes.pauses import PauseRecipe, transcribed_symbols, without_commas
from hierbatch.training.recipes.speaker_encoder import SpeakerEncoder, SpeakerEncoderRecipe
from hierbatch.training.recipes.text_to_vector import LiteTextToVectorRecipe, duration_error
from hierbatch.training.recipes.vocoder import VocoderRecipe
from hierbatch.training.recipes.vocoder_gan import VocoderGanRecipe

CONFIG = LiteConfig(
    style_channels=16, style_width=16, text_width=16, text_blocks=1, duration_blocks=1, prosody_width=16,
    prosody_blocks=1, acoustic_width=16, acoustic_blocks=1, generator_width=16, generator_blocks=1,
    content_width=16, content_blocks=1, timbre_heads=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def aligned(prepared: PreparedSet) -> PreparedSet:
    align_prepared(prepared.folder, lambda _: None)
    return prepared


@pytest.fixture(autouse=True)
def everybody_is_held_out_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made set has no held-out speakers; here learning is tested, not honesty about who was heard."""
    monkeypatch.setattr(PreparedSet, "split", lambda self, _: self.utterances)


@pytest.mark.parametrize(
    "recipe_of",
    [
        VocoderRecipe,
        AcousticRecipe,
        LiteTextToVectorRecipe,
        pytest.param(ContentEncoderRecipe, marks=pytest.mark.slow),
        SpeakerEncoderRecipe,
        pytest.param(
            lambda prepared, config: PauseRecipe(prepared, config, LiteTextToVector(config)), id="PauseRecipe"
        ),
        CrossSpeakerRecipe,
        pytest.param(VocoderGanRecipe, marks=pytest.mark.slow),
    ],
)
def test_it_learns(aligned: PreparedSet, recipe_of: Callable[..., AcousticRecipe]) -> None:
    torch.manual_seed(0)
    recipe, rng = recipe_of(aligned, CONFIG), np.random.default_rng(0)
    optimizer = torch.optim.Adam(recipe.network.parameters(), lr=3e-3)
    totals = []
    for _ in range(12):
        total = torch.stack(list(recipe.losses(recipe.network, rng).values())).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        totals.append(float(total.detach()))
    assert np.isfinite(totals).all()
    assert np.mean(totals[-3:]) < np.mean(totals[:3])
    untouched = [name for name, value in recipe.network.named_parameters() if value.grad is None]
    assert not untouched
    assert recipe.validate(recipe.network) == recipe.validate(recipe.network)


def test_an_unknown_network_is_an_input_error(aligned: PreparedSet) -> None:
    with pytest.raises(InputError, match="no such model"):
        make_recipe("nonsense", aligned.folder, CONFIG, "cpu")


@pytest.mark.slow
def test_every_phase_has_a_recipe(aligned: PreparedSet) -> None:
    pipeline = LiteNetworks(CONFIG).requires_grad_(False)
    for model in PHASES:
        assert make_recipe(
            model,
            aligned.folder,
            CONFIG,
            "cpu",
            Prerequisites(pipeline=pipeline),
        ).network


def test_what_cleans_styles_needs_some(aligned: PreparedSet) -> None:
    with pytest.raises(InputError, match="train acoustic first"):
        make_recipe("style-denoiser", aligned.folder, CONFIG, "cpu")


def test_a_disguise_moves_the_spectrum_and_nothing_in_time() -> None:
    rng = np.random.default_rng(1)
    still = torch.linspace(0, 1, 80).repeat(3, 5, 1)
    moved = augment_vocal_tract(still, rng)
    assert moved.shape == still.shape
    assert (moved - still).abs().max() > 0.1
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved))


def test_a_worn_spectrum_is_changed_alike_at_all_times() -> None:
    rng = np.random.default_rng(1)
    still = torch.linspace(0, 1, 80).repeat(8, 5, 1)
    moved = augment_channel(still, rng)
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved))
    flat = (moved[:, 0] == still.mean()).sum(-1)
    assert (flat == 0).any()
    assert (flat > 0).any()
    assert flat.max() <= 14


def test_strangers_are_spoken_and_judged_where_there_is_somebody_to(aligned: PreparedSet) -> None:
    torch.manual_seed(0)
    alone = CrossSpeakerRecipe(aligned, CONFIG)
    taught = CrossSpeakerRecipe(
        aligned, CONFIG, text_to_vector=LiteTextToVector(CONFIG), speaker_encoder=SpeakerEncoder(CONFIG)
    )
    found = [set(recipe.losses(recipe.network, np.random.default_rng(0))) for recipe in (alone, taught)]
    assert found[1] - found[0] == {"synthesized_phones", "synthesized_voice", "cross_speaker_voice"}


def test_tuning_changes_the_acoustic_model_alone_and_has_recordings_of_texts_as_targets(aligned: PreparedSet) -> None:
    torch.manual_seed(0)
    recipe = AcousticTuningRecipe(aligned, CONFIG, pipeline=LiteNetworks(CONFIG))
    losses = recipe.losses(recipe.network, np.random.default_rng(0))
    assert {"mel_text", "mel_content", "synthesized_phones"} <= losses.keys()
    assert "content" not in losses
    (gradient,) = torch.autograd.grad(
        losses["mel_text"], [recipe.network.acoustic.decoder.output_projection.weight], retain_graph=True
    )
    assert gradient.abs().max() > 0
    torch.stack(list(losses.values())).sum().backward()
    changed = {name.partition(".")[0] for name, value in recipe.network.named_parameters() if value.grad is not None}
    assert changed == {"acoustic", "phones"}


def test_texts_in_other_voices_are_compared_with_the_output_of_the_acoustic_model_before_tuning(
    aligned: PreparedSet,
) -> None:
    torch.manual_seed(0)
    pipeline = LiteNetworks(CONFIG)
    recipe = AcousticTuningRecipe(aligned, CONFIG, pipeline=pipeline)
    recipe.network.acoustic.load_state_dict(pipeline.acoustic.state_dict())
    before = {name: value.clone() for name, value in pipeline.acoustic.state_dict().items()}

    def distillation() -> torch.Tensor:
        return recipe.losses(recipe.network, np.random.default_rng(0))["synthesized_distillation"]

    assert float(distillation().detach()) == pytest.approx(0.0, abs=1e-6)
    with torch.no_grad():
        for weight in recipe.network.acoustic.parameters():
            weight += 0.01 * torch.randn_like(weight)
    loss = distillation()
    loss.backward()
    assert float(loss.detach()) > 1e-3
    reached = {
        name.partition(".")[0]
        for name, value in recipe.network.named_parameters()
        if value.grad is not None and bool(value.grad.abs().max() > 0)
    }
    assert reached == {"acoustic"}
    torch.optim.SGD(recipe.network.parameters(), lr=0.1).step()
    assert all(torch.equal(value, before[name]) for name, value in pipeline.acoustic.state_dict().items())


@pytest.mark.slow
def test_resumed_tuning_is_compared_with_the_acoustic_model_that_it_started_from(
    aligned: PreparedSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes: list[AcousticTuningRecipe] = []

    def make_and_keep(*arguments: Any) -> AcousticTuningRecipe:
        recipe = make_recipe(*arguments)
        assert isinstance(recipe, AcousticTuningRecipe)
        recipes.append(recipe)
        return recipe

    monkeypatch.setattr("hierbatch.jobs.training.train.make_recipe", make_and_keep)
    for n_steps in (1, 2):
        job = TrainJob(model="acoustic-tuning", data=aligned.folder, out=tmp_path, start="lite", n_steps=n_steps)
        train(job, lambda _: None)
    earlier, trained = recipes[1].earlier_acoustic, recipes[1].network.acoustic.state_dict()
    assert earlier is not None
    packaged = find_bundle("lite").load_weights()
    for name, value in earlier.state_dict().items():
        assert torch.equal(value, packaged[f"acoustic.{name}"])
    assert any(not torch.equal(value, packaged[f"acoustic.{name}"]) for name, value in trained.items())


def test_critics_learn_from_their_own_loss_alone_and_the_waveform_stage_from_the_others(aligned: PreparedSet) -> None:
    torch.manual_seed(0)
    recipe = VocoderGanRecipe(aligned, CONFIG, pipeline=LiteNetworks(CONFIG).eval().requires_grad_(False))
    losses = recipe.losses(recipe.network, np.random.default_rng(0))
    parts = {"vocoder": recipe.network.vocoder, "discriminators": recipe.network.discriminators}
    for name, loss in losses.items():
        taught = "discriminators" if name == "discriminators" else "vocoder"
        for part, network in parts.items():
            gradients = torch.autograd.grad(loss, list(network.parameters()), retain_graph=True, allow_unused=True)
            reached = any(gradient is not None and bool(gradient.abs().max() > 0) for gradient in gradients)
            assert reached == (part == taught), (name, part)


@pytest.mark.slow
def test_a_packaged_bundle_continues_against_discriminators(aligned: PreparedSet, tmp_path: Path) -> None:
    job = TrainJob(model="vocoder-gan", data=aligned.folder, out=tmp_path, start="lite", n_steps=1)
    told: list[str] = []
    train(job, told.append)
    assert told[0].startswith("vocoder-gan starts from bundle lite")
    before = find_bundle("lite").load_weights()
    after = pipeline_weights(tmp_path, "lite")
    assert after.keys() == before.keys()
    assert {name.partition(".")[0] for name in after if not torch.equal(after[name], before[name])} == {"vocoder"}


def test_phone_durations_are_learned_as_means_and_pauses_as_means_of_logarithms():
    recorded = torch.tensor([[2.0, 3.0, 13.0]]).T.long()  # three recordings of one symbol
    for symbol, expected in (("a", 6.0), ("|", float(np.expm1(np.log1p([2, 3, 13]).mean())))):
        symbols = torch.full_like(recorded, SYMBOL_IDS[symbol])
        log_duration = torch.tensor(1.0, requires_grad=True)
        optimizer = torch.optim.Adam([log_duration], lr=0.02)
        for _ in range(400):
            optimizer.zero_grad()
            duration_error(log_duration.expand(3, 1), recorded, symbols).mean().backward()
            optimizer.step()
        assert float(torch.expm1(log_duration.detach())) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("transcribed", "aligned_as", "expected", "plain"),
    [
        ("h aɪ | ð ɛ ɹ .", "h aɪ , ð ɛ ɹ .", "h aɪ | ð ɛ ɹ .", "h aɪ | ð ɛ ɹ ."),
        ("h aɪ , ð ɛ ɹ | s ɪ ɹ ,", "h aɪ , ð ɛ ɹ | s ɪ ɹ ,", "h aɪ , ð ɛ ɹ | s ɪ ɹ ,", "h aɪ | ð ɛ ɹ | s ɪ ɹ ,"),
    ],
)
def test_pauses_are_learned_with_the_punctuation_of_transcripts_and_without(
    transcribed: str, aligned_as: str, expected: str, plain: str
) -> None:
    ids = encode(aligned_as, "en")
    utterance = AlignedUtterance(
        PreparedUtterance(id="a", speaker="a", language="en", phonemes=transcribed, n_frames=9, first_frame=0, shard=0),
        ids,
        (1,) * len(ids.symbols),
    )
    assert transcribed_symbols(utterance) == encode(expected, "en")
    assert without_commas(transcribed_symbols(utterance)) == encode(plain, "en")
