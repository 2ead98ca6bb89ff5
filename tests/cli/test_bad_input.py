"""What a user may hand over by mistake, or somebody else on purpose: one clear line, the right code, nothing left."""

import pickle

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from hierbatch.cli import app as application
from hierbatch.manifest.takes.takes import Takes
from tests.engine.planned_run import bundle_folder
from tests.making import prompt_file, recordings_file
from tests.models.malice import Malice
from tests.models.published_checkpoints import speechsr_checkpoint
from tests.tiny_speechsr import write_tiny_speechsr

RATE_HZ = 16_000
USABLE = {"mono.wav": 2.0, "stereo.wav": 2.0, "odd_rate.wav": 32_000 / 11_127}
UNUSABLE = {
    "nan.wav": "not finite",
    "empty.wav": "not a readable audio file",
    "headed.wav": "no sound",
    "short.wav": "too short",
    "slow.wav": "out of range",
    "fast.wav": "out of range",
    "silent.wav": "is silent",
    "cut.wav": "is truncated",
    "cut.flac": "is truncated or damaged",
    "missing.wav": "Cannot read",
}


@pytest.fixture
def recordings(tmp_path):
    """Every sound of the lists above but the missing one, and a manifest of all."""
    hum, _ = soundfile.read(prompt_file(tmp_path, 2.0, name="mono.wav"), dtype="float32")
    spoiled = hum.copy()
    spoiled[100] = np.nan
    for name, samples, rate_hz, codec in (
        ("stereo.wav", np.stack([hum, hum], axis=1), RATE_HZ, "PCM_16"),
        ("odd_rate.wav", hum, 11_127, "PCM_16"),
        ("nan.wav", spoiled, RATE_HZ, "FLOAT"),
        ("headed.wav", hum[:0], RATE_HZ, "PCM_16"),
        ("short.wav", hum[:100], RATE_HZ, "PCM_16"),
        ("slow.wav", hum, 2_000, "PCM_16"),
        ("fast.wav", hum, 400_000, "PCM_16"),
        ("silent.wav", 0 * hum, RATE_HZ, "PCM_16"),
        ("whole.flac", hum, RATE_HZ, "PCM_16"),
    ):
        soundfile.write(tmp_path / name, samples, rate_hz, subtype=codec)
    (tmp_path / "empty.wav").write_bytes(b"")
    for whole, cut in (("mono.wav", "cut.wav"), ("whole.flac", "cut.flac")):
        content = (tmp_path / whole).read_bytes()
        (tmp_path / cut).write_bytes(content[: len(content) // 2])
    recordings_file(tmp_path, [*USABLE, *UNUSABLE])
    return tmp_path


@pytest.fixture
def shell(monkeypatch, capsys):
    """A command by the program's own door; gives its exit code and the lines of its complaint."""

    def call(*words):
        monkeypatch.setattr("sys.argv", ["hierbatch", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            application.main()
        return ended.value.code, capsys.readouterr().err.splitlines()

    return call


@pytest.mark.parametrize("command", ["upsample", "convert"])
def test_each_bad_recording_is_a_row_with_its_reason_and_the_others_are_made(recordings, command):
    words = {
        "upsample": f"--model {write_tiny_speechsr(recordings / 'tiny')}",
        "convert": f"--voice {recordings}/mono.wav --model {bundle_folder(recordings)}",
    }[command]
    line = f"{command} {recordings}/m.csv --out {recordings}/run --engine local {words}"
    assert CliRunner().invoke(application.app, line.split()).exit_code == 3
    takes = Takes(recordings / "run").table(["status", "error", "duration_s"]).to_pylist()
    made, refused = takes[: len(USABLE)], takes[len(USABLE) :]
    assert [take["duration_s"] for take in made] == pytest.approx(list(USABLE.values()), abs=1e-4)
    for take, told in zip(refused, UNUSABLE.values(), strict=True):
        assert (take["status"], told in take["error"]) == ("failed", True), take["error"]


@pytest.mark.parametrize("name", ["nan.wav", "empty.wav", "headed.wav", "short.wav", "silent.wav", "cut.flac", "none"])
def test_a_bad_prompt_is_reported_before_any_work(recordings, shell, name):
    model = ("--model", bundle_folder(recordings))
    words = ("--voice", recordings / name, "--out", recordings / "run", "--engine", "local", *model)
    code, told = shell("convert", recordings / "m.csv", *words)
    assert (code, len(told)) == (2, 1), told
    assert "The recording of voice" in told[0]
    assert not (recordings / "run").exists()


def bad_checkpoints(folder):
    """Files that are offered as a checkpoint, and what is said of each."""
    lacking = speechsr_checkpoint()
    del lacking["dec.conv_post.weight"]
    contents = {
        "evil_zip.pth": ({"model": Malice(folder / "sprung")}, "open when it is opened"),
        "48k_lacking.pth": (lacking, "missing output_projection.weight"),
        "other.pth": ({"stranger": torch.zeros(3)}, "no known network"),
        "words.pth": ({"epoch": 3}, "has no weights"),
    }
    for name, (content, _) in contents.items():
        torch.save(content, folder / name)
    torch.save(speechsr_checkpoint(), folder / "48k_cut.pth")
    for name, content in (
        ("evil.pth", pickle.dumps({"model": Malice(folder / "sprung")}, protocol=2)),
        ("48k_cut.pth", (folder / "48k_cut.pth").read_bytes()[:5000]),
        ("empty.pth", b""),
        ("sound.pth", (folder / "mono.wav").read_bytes()),
    ):
        (folder / name).write_bytes(content)
    told = {name: words for name, (_, words) in contents.items()}
    cannot = dict.fromkeys(("48k_cut.pth", "empty.pth", "sound.pth"), "cannot be opened")
    return told | cannot | {"evil.pth": "open when it is opened", "none.pth": "There is no such checkpoint"}


def test_each_bad_checkpoint_is_reported_in_one_line_runs_nothing_and_leaves_nothing(tmp_path, shell):
    prompt_file(tmp_path, name="mono.wav")
    for name, words in bad_checkpoints(tmp_path).items():
        code, told = shell("models", "add", tmp_path / name, "--name", "mine", "--folder", tmp_path / "models")
        assert (code, len(told)) == (2, 1), (name, told)
        assert words in told[0], (name, told)
        assert "weights_only" not in told[0]
    assert not (tmp_path / "sprung").exists()
    assert not list((tmp_path / "models").glob("*"))


def test_a_model_of_another_kind_is_reported_before_any_work(recordings, shell):
    for words in (
        ("upsample", recordings / "m.csv", "--model", "lite"),
        ("convert", recordings / "m.csv", "--model", "speechsr", "--voice", recordings / "mono.wav"),
        ("upsample", recordings / "m.csv", "--rate-hz", "44100"),
    ):
        code, told = shell(*words, "--out", recordings / "run", "--engine", "local")
        assert (code, len(told)) == (2, 1), told
    assert not (recordings / "run").exists()


@pytest.mark.parametrize("command", ["run", "convert", "narrate", "upsample", "dub", "corpus", "retry"])
@pytest.mark.parametrize("options", ["--dtype int8", "--dtype float16", "--device cuda --dtype bfloat16 --compile"])
def test_a_device_or_precision_that_is_not_here_is_reported_before_any_work(
    tmp_path, shell, monkeypatch, command, options
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    recordings_file(tmp_path, [prompt_file(tmp_path).name])
    (tmp_path / "book.md").write_text("# One\n\nThe lamp was lit.\n", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    out = ("--out", tmp_path / "out", "--engine", "local")
    words = {
        "run": (tmp_path / "m.csv", "--voice", tmp_path / "anna.wav", *out),
        "convert": (tmp_path / "m.csv", "--voice", tmp_path / "anna.wav", *out),
        "narrate": (tmp_path / "book.md", "--voice", tmp_path / "anna.wav", *out),
        "upsample": (tmp_path / "m.csv", *out),
        "dub": (tmp_path, "--voice", tmp_path / "anna.wav", *out),
        "corpus": (tmp_path / "m.csv", "--voices", tmp_path / "m.csv", "--hours", "1", *out),
        "retry": (tmp_path / "out",),
    }[command]
    code, told = shell(command, *words, *options.split())
    assert (code, len(told)) == (2, 1), told
    assert any(part in told[0] for part in ("dtype is not known", "does not compute in float16", "has no GPU"))
    assert sorted(tmp_path.rglob("*")) == before
