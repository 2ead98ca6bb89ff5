"""A release is tagged once its changelog is written and everything is committed."""

import subprocess

import pytest

from tools.tag_release import main, read_version


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.0"\n')
    (tmp_path / "CITATION.cff").write_text("cff-version: 1.2.0\nversion: 1.2.0\n")
    (tmp_path / "CHANGELOG.md").write_text("## [Unreleased]\n\n## [1.2.0] - 2026-01-01\n")
    for command in (["init", "-q"], ["config", "user.name", "x"], ["config", "user.email", "x@y"]):
        git(tmp_path, *command)
    commit(tmp_path)
    return tmp_path


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.split()


def commit(folder):
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")


def test_a_release_is_tagged_once(checkout, capsys):
    assert main(checkout) == 0
    assert git(checkout, "tag") == ["v1.2.0"]
    assert main(checkout) == 0
    assert "the tag exists" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [("CHANGELOG.md", "## [Unreleased]\n", "no section"), ("new.py", "", "uncommitted")],
)
def test_an_unfinished_release_is_not_tagged(checkout, capsys, file, text, reason):
    (checkout / file).write_text(text)
    if reason == "no section":
        commit(checkout)
    assert main(checkout) == 0
    assert git(checkout, "tag") == []
    assert reason in capsys.readouterr().out


def test_versions_have_to_agree(checkout):
    (checkout / "pyproject.toml").write_text('[project]\nversion = "1.3.0"\n')
    with pytest.raises(SystemExit, match=r"version: 1\.3\.0"):
        read_version(checkout)
