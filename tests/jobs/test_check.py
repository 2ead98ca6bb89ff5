import pytest
import soundfile

from hierbatch.cli.app import main
from hierbatch.errors import InputError
from hierbatch.jobs.check import CheckJob, check_files
from tests.audio.signals import tone


def sound_file(path, level_db):
    soundfile.write(path, tone(997, 3, 48_000, level_db + 3.01), 48_000)
    return path


@pytest.fixture
def hierbatch(monkeypatch, capsys):
    """Runs a command line as the shell would; gives exit code, standard output and error."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["hierbatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def test_files_are_reported_in_order(tmp_path):
    files = tuple(sound_file(tmp_path / f"{level_db}.flac", level_db) for level_db in (-23, -16))
    reports = list(check_files(CheckJob(files=files, profile="ebu")))
    assert [report.path for report in reports] == list(files)
    assert [report.passed for report in reports] == [True, False]


def test_a_missing_file_stops_with_words(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        list(check_files(CheckJob(files=(tmp_path / "none.mp3",), profile="acx")))


def test_the_command_prints_a_table_and_exits_0_or_3(tmp_path, hierbatch):
    good, loud = (sound_file(tmp_path / f"{level_db}.flac", level_db) for level_db in (-23, -16))
    code, out, _ = hierbatch("check", good, "--profile", "ebu")
    assert code == 0
    assert "passes ebu" in out
    assert "-23.5 to -22.5 LUFS" in out
    code, out, _ = hierbatch("check", good, loud, "--profile", "ebu")
    assert code == 3
    assert "FAIL" in out
    assert "does not pass ebu" in out


def test_the_command_reports_what_passing_acx_does_not_mean(tmp_path, hierbatch):
    code, out, _ = hierbatch("check", sound_file(tmp_path / "a.flac", -20), "--profile", "acx")
    assert code == 3
    assert "human narration" in out


@pytest.mark.parametrize("profile", ["acx", "none"])
def test_bad_input_is_one_paragraph_and_exit_2(tmp_path, hierbatch, profile):
    (tmp_path / "a.mp3").write_text("no sound")
    code, out, err = hierbatch("check", tmp_path / "a.mp3", "--profile", profile)
    assert (code, out) == (2, "")
    assert err.startswith("hierbatch: ")
    assert err.count("\n") == 1
