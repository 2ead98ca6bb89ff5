import pytest

from hierbatch.audio.files import read_sound
from hierbatch.audio.resample import resample
from hierbatch.engine.execution import Execution
from hierbatch.errors import BookError, BundleError, InputError, RunError
from hierbatch.jobs.narrate import NarrateJob, narrate
from hierbatch.jobs.options.delivery import Delivery
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.manifest.takes import Takes
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.device_placement import DevicePlacement
from tests.changing import change
from tests.engine.fake_model import spoken
from tests.engine.planned_run import bundle_folder
from tests.jobs.running import LOCAL
from tests.making import prompt_file

BOOK = "# The Lamp\n\n## One\n\nThe lamp was lit. It was late.\n\n## Two\n\nNobody came. 아무도 오지 않았다.\n"


@pytest.fixture
def job(tmp_path):
    (tmp_path / "lamp.md").write_text(BOOK, encoding="utf-8")
    return NarrateJob(
        book=tmp_path / "lamp.md",
        voices=VoiceChoice(voice=prompt_file(tmp_path)),
        out=tmp_path / "out",
        delivery=Delivery(to="flac", profile="podcast"),
        model=ModelChoice(model=bundle_folder(tmp_path)),
        execution=LOCAL,
    )


def test_a_book_becomes_an_audiobook_with_its_chapters_and_languages(job):
    imported = []
    narration = narrate(job, on_import=imported.append)
    assert imported == [narration.imported]
    table = Takes(job.out / "run").table(["language", "chapter", "kind", "status"])
    assert set(table.column("status").to_pylist()) == {"ok"}
    assert table.column("language").to_pylist().count("ko") == 1
    heard = [read_sound(file.path).duration_s for file in narration.result.files]
    assert len(heard) == len(set(table.column("chapter").to_pylist()))
    assert narration.duration_s == pytest.approx(sum(heard), abs=0.1)
    assert narration.result.missing == ()


def test_narrating_again_speaks_nothing_and_an_edited_sentence_alone(job, tmp_path):
    narrate(job)
    n_spoken = len(spoken(tmp_path / "bundle"))
    again = narrate(job)
    assert again.result is not None
    assert len(spoken(tmp_path / "bundle")) == n_spoken
    job.book.write_text(BOOK.replace("It was late.", "It was very late."), encoding="utf-8")
    with pytest.raises(RunError, match="--update"):
        narrate(job)
    edited = narrate(change(job, update=True))
    assert len(spoken(tmp_path / "bundle")) == n_spoken + 1
    assert edited.outcome.counts.n_ok == again.outcome.counts.n_ok


def test_a_row_that_fails_leaves_a_silence_and_is_told(job, tmp_path):
    narrate(job)
    seeds = dict(
        zip(*(Takes(job.out / "run").table(["id", "seed"]).column(n).to_pylist() for n in range(2)), strict=True)
    )
    failing = sorted(seeds)[1]
    fresh = change(job, out=tmp_path / "again", model=bundle_folder(tmp_path, raise_on=seeds[failing]))
    narration = narrate(fresh)
    assert narration.outcome.counts.n_failed == 1
    assert narration.result.missing == (failing,)


def test_a_lexicon_changes_how_its_words_are_said_and_nothing_else(job, tmp_path):
    narrate(job)
    before = Takes(job.out / "run").table(["id", "phonemes"]).to_pylist()
    lexicon = tmp_path / "lexicon.csv"
    lexicon.write_text("word,pronunciation,kind,language,scope\nlamp,m u n,ipa,en,\n", encoding="utf-8")
    narrate(change(job, lexicon=lexicon, update=True))
    after = Takes(job.out / "run").table(["id", "phonemes"]).to_pylist()
    changed = [new["phonemes"] for old, new in zip(before, after, strict=True) if old != new]
    assert changed
    assert all("m ˈu n" in phonemes or "m u n" in phonemes for phonemes in changed)


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda job: job.book.unlink(), BookError),
        (lambda job: job.book.write_text("", encoding="utf-8"), BookError),
        (lambda job: job.voices.voice.write_bytes(b""), InputError),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_spoken(job, tmp_path, spoil, error):
    spoil(job)
    with pytest.raises(error):
        narrate(job)
    assert spoken(tmp_path / "bundle") == []


def test_a_top_is_computed_as_the_speech_is(job, monkeypatch):
    asked = []

    def top(model, device):
        asked.append((model, device))
        return resample

    monkeypatch.setattr("hierbatch.jobs.book.full_band_resampler", top)
    narrate(change(job, full_band=True, dtype="bfloat16"))
    assert asked == [("speechsr", DevicePlacement(dtype="bfloat16"))]


def test_a_machine_that_cannot_give_the_top_tells_so_before_a_cluster_speaks(job, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    away = change(job, device="cuda", execution=Execution(ray_address="10.0.0.1:6379"))
    with pytest.raises(InputError, match=r"no GPU.*without --full-band"):
        narrate(change(away, full_band=True))
    monkeypatch.setattr("hierbatch.jobs.narrate.DEFAULT_UPSAMPLER", "no such model")
    with pytest.raises(BundleError):
        narrate(change(away, full_band=True))
    assert not job.out.exists()
