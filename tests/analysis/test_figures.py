from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

import hierbatch
from hierbatch.analysis import figures
from hierbatch.analysis.similarity import SimilarityMatrix
from tests.delivery.book_run import book_rows, write_run
from tests.tiny_runs import FIRST, SECOND

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def run():
    return hierbatch.open_run(FIRST)


def words(picture):
    root = ElementTree.fromstring(picture.svg())
    assert root.get("role") == "img"
    return [text.text for text in root.iter(f"{SVG}text")]


def test_every_picture_of_a_run_is_an_svg_with_words_and_units(run):
    matrix = SimilarityMatrix(("low", "seoul"), np.array([[0.9, 0.1], [0.2, 0.8]]), "a network")
    pictures = figures.pictures_of(run.summary, matrix)
    titles = [picture.title for picture in pictures]
    assert {"Failures by reason", "Duration", "Loudness", "Median F0 by voice"} < set(titles)
    assert titles[-1] == "Similarity of takes and prompts"
    labels = {picture.title: words(picture) for picture in pictures}
    assert {"Duration (s)", "takes"} < set(labels["Duration"])
    assert "Loudness (LUFS)" in labels["Loudness"]
    assert {"Median F0 (Hz)", "low", "seoul", "clear"} < set(labels["Median F0 by voice"])
    assert {"0.90", "0.20"} < set(labels["Similarity of takes and prompts"])
    assert all(picture.caption for picture in pictures)


def test_a_picture_takes_the_pages_text_colour_and_width(run):
    svg = figures.durations(run.summary).svg()
    opening = svg[: svg.index(">")]
    assert "currentColor" in svg
    assert "width=" not in opening.replace("stroke-width", "")
    assert "<metadata" not in svg


def test_captions_report_the_numbers(run):
    table = run.table(["duration_s"]).dropna()
    assert (
        f"{len(table)} takes; median {table['duration_s'].quantile(0.5, 'lower'):.1f} s"
        in figures.durations(run.summary).caption
    )
    assert figures.failures(run.summary).caption == "Of 11: text 1."
    matrix = SimilarityMatrix(("a", "b"), np.array([[0.9, 0.1], [0.95, 0.8]]), "a network")
    assert "1 of 2 voices are nearest" in figures.similarity(matrix).caption


def test_what_a_run_has_no_columns_for_is_left_out(tmp_path):
    run = hierbatch.open_run(write_run(tmp_path / "r", book_rows(1, 2)))
    assert figures.loudness(run.summary) is None
    assert figures.failures(run.summary) is None
    assert figures.f0_by_voice(run.summary) is None
    assert [picture.title for picture in figures.pictures_of(run.summary)] == ["Duration"]


def test_two_runs_are_drawn_against_each_other():
    picture = figures.change(hierbatch.compare(FIRST, SECOND), "duration_s")
    assert {"Duration (s), run a", "run b"} < set(words(picture))
    assert "Of 6 rows in both runs the median changes by 0.2 s" in picture.caption
    assert figures.change(hierbatch.compare(FIRST, SECOND), "speaker_similarity") is None


def test_nothing_global_is_changed(run):
    before = dict(matplotlib.rcParams)
    figures.durations(run.summary).svg()
    assert dict(matplotlib.rcParams) == before
