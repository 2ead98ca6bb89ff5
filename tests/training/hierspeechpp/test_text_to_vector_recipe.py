import numpy as np
import pytest
import torch

from hierbatch.errors import InputError, TextError
from hierbatch.models.hierspeechpp.english_text import espeak_spelling, symbol_ids
from hierbatch.models.hierspeechpp.text_to_vector.training import SLICE_FRAMES, compute_losses, training_pass
from hierbatch.models.hierspeechpp.vocabulary import phoneme_vocabulary, published_vocabulary, vocabulary_of
from hierbatch.training.hierspeechpp.text_to_vector import TextToVectorRecipe
from hierbatch.training.hierspeechpp.text_to_vector_config import TextToVectorTraining
from hierbatch.training.hierspeechpp.text_to_vector_validation import greedy_symbols
from hierbatch.training.trainer.curves import read_curve
from hierbatch.training.trainer.trainer import Trainer
from tests.training.hierspeechpp.made_speech import MadeSpeech
from tests.training.hierspeechpp.tiny import text_to_vector_network, text_to_vector_training

LOSSES = {"semantic", "divergence", "pitch", "durations", "symbols"}


def test_a_step_has_the_published_losses_with_their_weights():
    recipe = TextToVectorRecipe(text_to_vector_training(dropout=0.0), MadeSpeech())
    batch = recipe.batch(0, 0, 1)
    torch.manual_seed(0)
    losses = recipe.losses("generator", batch)
    network = recipe.networks["generator"]
    found = training_pass(network, batch.inputs, latent_noise=batch.latent_noise, duration_noise=batch.duration_noise)
    wanted = compute_losses(found, batch.inputs)
    assert losses.keys() == LOSSES
    assert float(sum(losses.values())) == pytest.approx(float(wanted.total), rel=1e-5)


def test_the_semantic_loss_includes_padding_unless_it_is_masked():
    recipe = TextToVectorRecipe(text_to_vector_training(dropout=0.0), MadeSpeech(n_frames=(40, 80)))
    batch = recipe.batch(0, 0, 1)
    inputs = batch.inputs
    found = training_pass(
        recipe.networks["generator"], inputs, latent_noise=batch.latent_noise, duration_noise=batch.duration_noise
    )
    predicted, real = found.semantic.detach().numpy(), inputs.semantic.numpy()
    assert len(set(inputs.n_frames.tolist())) > 1
    rows = [np.abs(predicted[row, :, :n] - real[row, :, :n]).ravel() for row, n in enumerate(inputs.n_frames.tolist())]
    assert float(compute_losses(found, inputs).semantic) == pytest.approx(np.abs(predicted - real).mean(), rel=1e-5)
    masked = compute_losses(found, inputs, is_masked=True)
    assert float(masked.semantic) == pytest.approx(np.concatenate(rows).mean(), rel=1e-5)


@pytest.mark.parametrize(
    "changes", [{}, {"mask_semantic_loss": True}, {"network": text_to_vector_network(prosody_width=8)}]
)
def test_losses_and_gradients_of_parts_add_up_to_those_of_the_batch(changes):
    recipe = TextToVectorRecipe(
        text_to_vector_training(dropout=0.0, batch_rows=5, **changes), MadeSpeech(n_frames=(40, 80))
    )
    network, found = recipe.networks["generator"], []
    for n_parts in (1, 2):
        network.zero_grad()
        totals = dict.fromkeys(LOSSES, 0.0)
        for index in range(n_parts):
            losses = recipe.losses("generator", recipe.batch(2, index, n_parts))
            sum(losses.values()).backward()
            totals = {name: totals.get(name, 0.0) + float(value.detach()) for name, value in losses.items()}
        found.append((totals, {n: w.grad.clone() for n, w in network.named_parameters() if w.grad is not None}))
    (whole, whole_gradients), (parts, part_gradients) = found
    assert whole == pytest.approx(parts, rel=1e-4)
    assert whole_gradients.keys() == part_gradients.keys()
    for name, gradient in whole_gradients.items():
        torch.testing.assert_close(
            part_gradients[name], gradient, rtol=2e-3, atol=2e-4 * max(1, float(gradient.abs().max()))
        )


def test_rows_that_cannot_be_aligned_are_left_out():
    speech = MadeSpeech(n_utterances=12, n_frames=(60, 80))
    long_text, without_text, foreign, unknown, unvoiced = speech.utterances[:5]
    changed = {
        long_text.id: {"phonemes": "i " * 40 + "."},
        without_text.id: {"phonemes": ""},
        foreign.id: {"language": "ko"},
        unknown.id: {"phonemes": "☃ ."},
    }
    speech.change(changed)
    speech.silence(unvoiced.id)
    recipe = TextToVectorRecipe(text_to_vector_training(), speech)
    rows = {row.utterance.id for step in range(20) for row in recipe.data.positions(step)}
    held_out = {utterance.id for utterance in recipe.data.held_out}
    assert rows | held_out == {u.id for u in speech.utterances[5:]}


def test_training_resumes_exactly_and_reports_its_figures(tmp_path):
    config = text_to_vector_training(n_steps=2)

    def trainer(name, **changes):
        return Trainer(TextToVectorRecipe(config, MadeSpeech()), tmp_path / name, config.run.options(**changes))

    whole = trainer("whole")
    whole.train()
    trainer("half", n_steps=1).train()
    resumed = trainer("half")
    resumed.train()
    after = resumed.recipe.networks["generator"].state_dict()
    assert all(torch.equal(v, after[k]) for k, v in whole.recipe.networks["generator"].state_dict().items())
    figures = read_curve(tmp_path / "whole")[-1]
    assert figures["kind"] == "validation"
    assert {"symbol error", "length error", "pitch correlation", "long pauses", *LOSSES} - {"pitch"} <= figures.keys()


def test_the_last_stage_trains_the_pitch_predictor_alone(tmp_path):
    config = text_to_vector_training(n_steps=2, stage="pitch_on_predicted")
    recipe = TextToVectorRecipe(config, MadeSpeech(n_frames=(62, 80)))
    before = {n: v.clone() for n, v in recipe.networks["generator"].state_dict().items()}
    Trainer(recipe, tmp_path, config.run.options()).train()
    changed = {
        n.partition(".")[0]
        for n, v in recipe.networks["generator"].state_dict().items()
        if not torch.equal(v, before[n])
    }
    assert changed == {"pitch"}
    assert SLICE_FRAMES == 60


def test_bf16_gives_nearly_the_losses_of_float32():
    recipe = TextToVectorRecipe(text_to_vector_training(dropout=0.0), MadeSpeech())
    batch = recipe.batch(0, 0, 1)
    exact = recipe.losses("generator", batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = recipe.losses("generator", batch)
    sum(rough.values()).backward()
    for name, value in exact.items():
        assert rough[name].dtype == torch.float32
        assert float(rough[name].detach()) == pytest.approx(float(value.detach()), rel=0.1, abs=0.05)


def test_languages_start_alike_and_are_distinguished_in_training():
    speech = MadeSpeech(n_utterances=8)
    speech.change({u.id: {"language": "ko"} for u in speech.utterances[4:]})
    network = text_to_vector_network(n_languages=2, n_symbols=len(phoneme_vocabulary().symbols))
    config = text_to_vector_training(network=network, vocabulary="phonemes", languages=("en", "ko"), batch_rows=6)
    recipe = TextToVectorRecipe(config, speech)
    batch = recipe.batch(0, 0, 1)
    assert set(batch.inputs.languages.tolist()) == {0, 1}
    embedding = recipe.networks["generator"].languages.weight
    assert not embedding.any()
    sum(recipe.losses("generator", batch).values()).backward()
    assert embedding.grad[0].any()
    assert not torch.equal(embedding.grad[0], embedding.grad[1])


def test_vocabularies_spell_phonemes():
    phonemes = "h ə l ˈoʊ , w ˈɝ l d ."
    published = published_vocabulary()
    assert published.ids(published.spell(phonemes)) == symbol_ids("".join(espeak_spelling(phonemes)))
    table = phoneme_vocabulary()
    spelled = [table.symbols[i] for i in table.ids(table.spell(phonemes))]
    assert spelled == ["h", "ə", "l", "ˈ", "oʊ", ",", "w", "ˈ", "ɝ", "l", "d", "."]
    own = vocabulary_of({"symbols": ["_", "h", "a", "l", "o", "u", "."], "spelling": {"ə": "a", "oʊ": "ou", "ˈ": ""}})
    assert own.ids(own.spell("h ə l ˈoʊ .")) == [1, 2, 3, 4, 5, 6]
    with pytest.raises(TextError, match="no symbol"):
        own.ids(own.spell("ʒ ."))


def test_a_configuration_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="n_symbols of 90"):
        TextToVectorTraining(vocabulary="phonemes")
    with pytest.raises(InputError, match="n_languages of 2"):
        TextToVectorTraining(languages=("en", "ko"))
    with pytest.raises(InputError, match="pitch_on_predicted"):
        TextToVectorTraining(stage="pitch")


def test_greedy_symbols_drop_blanks_and_repetitions():
    best = torch.tensor([0, 3, 3, 0, 3, 2, 2, 0])
    assert greedy_symbols(torch.nn.functional.one_hot(best, 4).T.float()) == [3, 3, 2]
