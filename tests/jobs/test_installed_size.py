import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from hierbatch.jobs.installed_size import measure_dependency_sizes

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_each_package_counts_once_for_the_dependency_that_requires_it():
    dependencies = {dependency.name: dependency for dependency in measure_dependency_sizes("typer")}
    assert dependencies["rich"].n_bytes > 500_000
    assert "pygments" in dependencies["rich"].largest
    packages = [name for dependency in dependencies.values() for name in (dependency.name, *dependency.largest)]
    assert len(packages) == len(set(packages))


def test_a_plain_install_declares_few_packages_and_nothing_of_the_extras():
    for python in ("3.11", "3.12", "3.13", "3.14"):
        environment = {"python_version": python, "extra": ""}
        requirements = map(Requirement, PROJECT["dependencies"])
        names = {each.name.lower() for each in requirements if not each.marker or each.marker.evaluate(environment)}
        assert len(names) <= 24
        assert not names & {"pyrnnoise", "unidecode", "amfm-decompy", "setuptools", "pyworld", "g2pk"}
        assert names >= {"torch", "torchaudio", "transformers", "ray", "pandas", "pyarrow", "soundfile", "phonemizer"}
        assert names >= {"pydub", "silero-vad"}
