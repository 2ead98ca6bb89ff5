import pytest

from hierbatch.audio.files import read_sound
from hierbatch.errors import InputError, PromptError
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.voices import default_voice, list_voices, prepare_voices, write_voice_table
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.weights.bundle import find_bundle
from hierbatch.stages.voices import VoiceStore
from tests.engine.fake_model import FakeModel, write_fake_bundle
from tests.making import prompt_file


@pytest.fixture
def model(tmp_path):
    return FakeModel(find_bundle(write_fake_bundle(tmp_path / "bundle")), DevicePlacement())


def table(folder, *lines):
    path = folder / "voices.csv"
    path.write_text("\n".join(["voice,audio,consent", *lines]) + "\n")
    return path


def test_a_voice_a_table_or_both_are_needed(tmp_path):
    with pytest.raises(InputError, match="--voice"):
        list_voices(VoiceChoice())
    both = VoiceChoice(voice=tmp_path / "a.wav", voices=table(tmp_path, "anna,a.wav,self"))
    assert [row.voice for row in list_voices(both)] == ["a", "anna"]
    assert default_voice(both, list_voices(both)) == "a"
    twice = VoiceChoice(voice=tmp_path / "anna.wav", voices=both.voices)
    with pytest.raises(InputError, match="name of a voice of the table"):
        list_voices(twice)


def test_a_table_of_one_needs_no_default_and_a_table_of_two_does(tmp_path):
    one = VoiceChoice(voices=table(tmp_path, "anna,a.wav,self"))
    assert default_voice(one, list_voices(one)) == "anna"
    two = VoiceChoice(voices=table(tmp_path, "anna,a.wav,self", "jun,b.wav,self"))
    assert default_voice(two, list_voices(two)) is None
    chosen = VoiceChoice(voices=two.voices, default_voice="jun")
    assert default_voice(chosen, list_voices(chosen)) == "jun"
    with pytest.raises(InputError, match="anna, jun"):
        list_voices(VoiceChoice(voices=two.voices, default_voice="nobody"))


def test_all_prompts_that_cannot_be_used_are_reported_together(tmp_path, model):
    prompt_file(tmp_path, name="good.wav")
    prompt_file(tmp_path, name="short.wav", duration_s=0.5)
    prompt_file(tmp_path, name="quiet.wav", gain=0.0)
    choice = VoiceChoice(
        voices=table(tmp_path, "a,good.wav,self", "b,short.wav,self", "c,quiet.wav,self", "d,none.wav,self")
    )
    with pytest.raises(InputError) as caught:
        prepare_voices(list_voices(choice), model.encode_voice, allow_unknown=False)
    for part in ("3 voices", "voice b is too short", "voice c is silent", "voice d cannot be read"):
        assert part in str(caught.value)


def test_rows_the_model_refuses_are_reported_before_a_run(tmp_path, model):
    def refuse(prompt):
        raise PromptError("There is no voice in the prompt")

    model.encode_voice = refuse
    with pytest.raises(InputError, match="no voice in the prompt"):
        prepare_voices(list_voices(VoiceChoice(voice=prompt_file(tmp_path))), model.encode_voice, allow_unknown=False)


def test_consent_travels_from_the_table_to_the_worker(tmp_path, model):
    prompt_file(tmp_path, name="a.wav")
    choice = VoiceChoice(voices=table(tmp_path, "anna,a.wav,licensed", "jun,a.wav,unknown"))
    with pytest.raises(InputError, match="consent of 1 voice is unknown"):
        prepare_voices(list_voices(choice), model.encode_voice, allow_unknown=False)
    prepared = prepare_voices(list_voices(choice), model.encode_voice, allow_unknown=True)
    write_voice_table(prepared, tmp_path / "store.parquet")
    store = VoiceStore(tmp_path / "store.parquet", model.encode_voice)
    assert [store.consent(name) for name in ("anna", "jun")] == ["licensed", "unknown"]
    assert store.sha256("anna") == store.sha256("jun")
    assert store.voice("anna") == model.encode_voice(read_sound(prepared["anna"][1].flac))
