from pathlib import Path

from hierbatch.jobs.demo import write_samples

MANIFESTS = Path(__file__).parents[2] / "manifests"


def test_the_packaged_samples_are_those_of_the_repository(tmp_path):
    book, voice = write_samples(tmp_path)
    assert book.read_bytes() == (MANIFESTS / "sample_book.md").read_bytes()
    assert voice.read_bytes() == (MANIFESTS / "voices" / "narrator.flac").read_bytes()
    assert "CC BY 4.0" in (tmp_path / "LICENSES.md").read_text(encoding="utf-8")
