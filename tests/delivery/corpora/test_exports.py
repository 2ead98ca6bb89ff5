"""Every format is opened by its own reader, and gives back what the run holds, to the sample."""

import csv
import io
import json
import re
import textwrap

import numpy as np
import pytest
import soundfile

from hierbatch.delivery.corpora.writers import WRITERS
from hierbatch.errors import InputError, RunError
from hierbatch.jobs.corpora.export import ExportJob, export
from tests.delivery.corpora.corpus_run import RATE_HZ, SPEAKERS, corpus_row, samples, sift, write_corpus_run

N_ROWS = 40
NOISY, FAILED = 4, 9
KEPT = {f"en-{number:06d}": number for number in range(N_ROWS) if number not in (NOISY, FAILED)}
SPLITS = {
    split: sorted(row_id for row_id, number in KEPT.items() if SPEAKERS[list(SPEAKERS)[number % 4]] == split)
    for split in ("train", "dev", "test")
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    failed = {"status": "failed", "error_kind": "text", "error": "nothing to say", "audio": None}
    changes = {NOISY: {"snr_db": 3.0}, FAILED: failed}
    rows = [corpus_row(number, **changes.get(number, {})) for number in range(N_ROWS)]
    folder = write_corpus_run(tmp_path_factory.mktemp("corpus") / "run", rows)
    sift(folder, '[[rule]]\nname = "noisy"\ncolumn = "snr_db"\nmin = 20\n')
    return folder


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    """A folder a format."""
    root = tmp_path_factory.mktemp("exports")
    for name in WRITERS:
        made = export(ExportJob(run=run, to=name, out=root / name))
        assert dict(made.n_rows) == {split: len(ids) for split, ids in SPLITS.items()}
        assert made.rejected == {"noisy": 1, "failed": 1}
    return root


def heard(content):
    """Samples in 16 bit, and the comment inside the file."""
    with soundfile.SoundFile(content) as file:
        assert file.samplerate == RATE_HZ
        return file.read(dtype="int16"), file.comment


def is_right(content, row_id):
    sound, comment = heard(content)
    assert "Synthetic speech" in comment
    assert "licensed" in comment
    return np.array_equal(sound, samples(KEPT[row_id]))


def test_hugging_face_datasets_opens_it_with_its_splits_and_sound(exported, tmp_path):
    from datasets import Audio, load_dataset

    corpus = load_dataset(str(exported / "hf"), cache_dir=str(tmp_path))
    assert {split: sorted(rows["id"]) for split, rows in corpus.items()} == SPLITS
    assert isinstance(corpus["train"].features["audio"], Audio)
    rows = corpus["test"].cast_column("audio", Audio(decode=False))
    for row in rows:
        assert is_right(io.BytesIO(row["audio"]["bytes"]), row["id"])
        assert row["synthetic"] is True
        assert (row["consent"], row["consent_ref"], row["license"]) == ("licensed", "contract 7", "CC BY 4.0")
        assert row["seed"] == 2**62 + KEPT[row["id"]]
        assert row["words"][0]["text"] == "sentence"


def _example_of_the_card(folder, number):
    """An example of a data set card, with the names of this corpus filled in."""
    card = (folder / "README.md").read_text(encoding="utf-8").partition("## Files")[2]
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", card, re.MULTILINE)
    return textwrap.dedent(blocks[number]).replace("PATH OF THIS FOLDER", str(folder)).replace("SPLIT", "train")


def test_the_first_example_of_the_hugging_face_card_reads_a_sound(exported, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    found = {}
    exec(_example_of_the_card(exported / "hf", 0), found)
    assert found["rate_hz"] == RATE_HZ
    assert np.array_equal(np.round(found["samples"] * 32768), samples(KEPT[found["row"]["id"]]))


def test_the_second_example_decodes_with_torchcodec(exported, tmp_path, monkeypatch):
    try:
        import torchcodec.decoders  # noqa: F401
    except (ImportError, RuntimeError, OSError) as error:
        pytest.skip(f"torchcodec cannot be loaded, probably without libavcodec: {str(error).splitlines()[0][:80]}")
    from datasets import load_dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    found = {"load_dataset": load_dataset}
    exec(_example_of_the_card(exported / "hf", 1), found)
    decoded = found["samples"]
    first = load_dataset(str(exported / "hf"), cache_dir=str(tmp_path))["train"][0]["id"]
    assert decoded.sample_rate == RATE_HZ
    assert np.array_equal(np.round(decoded.data.numpy()[0] * 32768), samples(KEPT[first]))


def test_lhotse_opens_cuts_recordings_and_supervisions(exported):
    from lhotse import CutSet, RecordingSet, SupervisionSet

    folder = exported / "lhotse"
    for split, ids in SPLITS.items():
        cuts = CutSet.from_file(folder / f"cuts_{split}.jsonl.gz").with_recording_path_prefix(folder)
        assert sorted(cuts.ids) == ids
        for cut in cuts:
            assert is_right(cut.recording.sources[0].source, cut.id)
            assert cut.load_audio().shape == (1, cut.num_samples)
            (said,) = cut.supervisions
            assert said.speaker in SPEAKERS
            assert (said.custom["consent"], said.custom["synthetic"]) == ("licensed", True)
            assert said.alignment["word"][0].symbol == "sentence"
            assert said.alignment["word"][0].end == pytest.approx(0.12)
        assert sorted(RecordingSet.from_file(folder / f"recordings_{split}.jsonl.gz").ids) == ids
        assert sorted(SupervisionSet.from_file(folder / f"supervisions_{split}.jsonl.gz").ids) == ids


def test_webdataset_opens_its_shards(exported):
    import webdataset

    for split, ids in SPLITS.items():
        shards = webdataset.WebDataset(str(exported / "webdataset" / f"{split}-000000.tar"), shardshuffle=False)
        found = [(sample["__key__"], json.loads(sample["json"]), sample["flac"]) for sample in shards]
        assert sorted(key for key, _, _ in found) == ids
        for key, facts, flac in found:
            assert facts["id"] == key
            assert (facts["consent"], facts["synthetic"]) == ("licensed", True)
            assert is_right(io.BytesIO(flac), key)


def test_torchaudios_ljspeech_opens_it(exported):
    from torchaudio.datasets import LJSPEECH

    corpus = LJSPEECH(exported, url="ljspeech.tar.bz2", folder_in_archive="wavs")
    assert len(corpus) == len(KEPT)
    for row_id, text, normalized in corpus._flist:
        number = KEPT[row_id]
        assert text == f"Sentence number {number}, said “once”."
        assert normalized == f"sentence number {number} said once"
        assert is_right(corpus._path / f"{row_id}.wav", row_id)
    with (exported / "ljspeech" / "provenance.csv").open(newline="") as file:
        facts = list(csv.DictReader(file, delimiter="|"))
    assert sorted(row["id"] for row in facts) == sorted(KEPT)
    assert {(row["synthetic"], row["consent"]) for row in facts} == {("True", "licensed")}
    n_lines = {
        split: len((exported / "ljspeech" / f"metadata_{split}.csv").read_text().splitlines()) for split in SPLITS
    }
    assert n_lines == {split: len(ids) for split, ids in SPLITS.items()}


def test_nemo_manifests_have_the_documented_fields(exported):
    folder = exported / "nemo"
    numbers = {}
    for split, ids in SPLITS.items():
        entries = [json.loads(line) for line in (folder / f"{split}_manifest.json").read_text().splitlines()]
        assert sorted(entry["id"] for entry in entries) == ids
        for entry in entries:
            assert isinstance(entry["speaker"], int)
            numbers[entry["speaker"]] = entry["speaker_name"]
            assert entry["duration"] == pytest.approx(soundfile.info(folder / entry["audio_filepath"]).duration)
            assert is_right(folder / entry["audio_filepath"], entry["id"])
            assert entry["text"]
            assert (entry["consent"], entry["synthetic"]) == ("licensed", True)
    named = [json.loads(line) for line in (folder / "speakers.json").read_text().splitlines()]
    assert {entry["speaker"]: entry["name"] for entry in named} == numbers
    assert sorted(numbers) == [0, 1, 2, 3]


@pytest.mark.parametrize("name", WRITERS)
def test_every_export_says_on_its_page_whose_voices_they_are_and_that_none_is_real(exported, name):
    card = (exported / name / "README.md").read_text()
    for part in (
        "is synthetic",
        "licensed",
        "contract 7",
        "CC BY 4.0",
        "| train | 18 |",
        "No speaker is in two",
        "noisy",
    ):
        assert part in card, part
    rejected = [json.loads(line) for line in (exported / name / "rejected.jsonl").read_text().splitlines()]
    assert {row["id"]: row["rejected_by"] for row in rejected} == {
        f"en-{NOISY:06d}": ["noisy"],
        f"en-{FAILED:06d}": ["failed"],
    }


def test_the_same_run_gives_the_same_bytes(run, exported, tmp_path):
    for name in ("webdataset", "lhotse"):
        export(ExportJob(run=run, to=name, out=tmp_path / name))
        first = {p.relative_to(exported / name): p.read_bytes() for p in (exported / name).rglob("*") if p.is_file()}
        again = {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*") if p.is_file()}
        assert first == again


def test_nothing_is_written_over_what_is_there(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(InputError, match="already exists"):
        export(ExportJob(run=run, to="hf", out=tmp_path / "mine"))
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "notes.txt"]


def test_an_unknown_format_and_an_unfinished_run_are_reported(run, tmp_path):
    with pytest.raises(InputError, match=r"hf, lhotse, webdataset, ljspeech, nemo.*mp3"):
        export(ExportJob(run=run, to="mp3", out=tmp_path / "x"))
    unfinished = write_corpus_run(tmp_path / "run", [corpus_row(number) for number in range(4)], n_parts=2)
    (unfinished / "parts" / "g0001-u000001.parquet").unlink()
    with pytest.raises(RunError, match=r"not finished.*2 of 4"):
        export(ExportJob(run=unfinished, to="hf", out=tmp_path / "x"))
    assert not (tmp_path / "x").exists()


def test_a_run_that_is_not_a_corpus_is_one_split_of_its_accepted_rows(tmp_path):
    rows = [corpus_row(number, speaker=None, split=None) for number in range(5)]
    rows[3] |= {"status": "failed", "error": "no", "audio": None}
    made = export(ExportJob(run=write_corpus_run(tmp_path / "run", rows), to="webdataset", out=tmp_path / "x"))
    assert dict(made.n_rows) == {"train": 4}
    assert made.n_speakers == 3  # the voices' own names
    assert made.rejected == {"failed": 1}


def test_takes_made_since_the_filter_are_not_exported_unjudged(tmp_path):
    rows = [corpus_row(number) for number in range(4)]
    folder = write_corpus_run(tmp_path / "run", rows)
    sift(folder)
    write_corpus_run(tmp_path / "other", [row | {"take_key": "f" * 32} for row in rows])
    for place in ("plan/g0001.parquet", "parts/g0001-u000000.parquet", "parts/g0001-u000001.parquet"):
        (tmp_path / "other" / place).replace(folder / place)
    with pytest.raises(RunError, match="has changed since it was filtered"):
        export(ExportJob(run=folder, to="hf", out=tmp_path / "x"))


def test_a_run_of_which_nothing_is_kept_leaves_nothing_behind(tmp_path):
    folder = write_corpus_run(tmp_path / "run", [corpus_row(0)], n_parts=1)
    sift(folder, '[[rule]]\nname = "never"\ncolumn = "snr_db"\nmin = 99\n')
    with pytest.raises(InputError, match="no rows to export"):
        export(ExportJob(run=folder, to="hf", out=tmp_path / "out" / "x"))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_key_with_dots_stays_one_key(tmp_path):
    import webdataset

    rows = [corpus_row(number, id=f"book.1.{number}") for number in range(3)]
    export(ExportJob(run=write_corpus_run(tmp_path / "run", rows), to="webdataset", out=tmp_path / "x"))
    shards = [str(path) for path in sorted((tmp_path / "x").glob("*.tar"))]
    found = [json.loads(sample["json"])["id"] for sample in webdataset.WebDataset(shards, shardshuffle=False)]
    assert sorted(found) == ["book.1.0", "book.1.1", "book.1.2"]
