import json

import pytest

from hierbatch.desk.row_state import Mark
from hierbatch.desk.run_view import RunView
from hierbatch.errors import RunError
from hierbatch.jobs.run import run as run_job
from hierbatch.manifest.decisions.choices import read_choices
from tests.desk.small_desk import open_desk, small_run
from tests.jobs.running import job


@pytest.fixture
def run(tmp_path):
    return small_run(tmp_path / "run")


def marks(client):
    return {
        row[0]: Mark(row[1]) for part in client.get("/api/contents").json()["chapters"] for row in part["sentences"]
    }


def test_the_outline_has_every_sentence_in_reading_order_with_its_marks(run):
    with open_desk(run) as opened:
        found = marks(opened.client)
    assert list(found) == [f"c{chapter}s{at}" for chapter in (1, 2) for at in range(4)]
    assert found["c1s1"] == Mark(0)
    assert found["c1s0"] == Mark.FLAGGED | Mark.UNDECIDED
    assert found["c1s2"] == Mark.FAILED | Mark.UNDECIDED
    assert found["c2s3"] == Mark.MISSING


def test_a_chapter_has_its_words_with_times_by_paragraph(run):
    with open_desk(run) as opened:
        paragraphs = opened.client.get("/api/chapters/1").json()["paragraphs"]
    assert [(p["kind"], [s["id"] for s in p["sentences"]]) for p in paragraphs] == [
        ("heading", ["c1s0"]),
        ("paragraph", ["c1s1", "c1s2"]),
        ("paragraph", ["c1s3"]),
    ]
    spoken = paragraphs[0]["sentences"][0]
    assert [word[0] for word in spoken["words"]] == ["Sentence", "number", "0", "of", "it."]
    assert [word[1] for word in spoken["words"]] == pytest.approx([0.1, 0.34, 0.58, 0.82, 1.06])
    assert (spoken["pause_s"], paragraphs[2]["sentences"][0]["pause_s"]) == (1.2, 0)


def test_the_audio_of_each_take_is_served_by_its_name(run):
    with open_desk(run) as opened:
        takes = opened.client.get("/api/rows/c1s0").json()["takes"]
        answers = [opened.client.get(f"/api/rows/c1s0/takes/{take['name']}/audio") for take in takes]
        failed = opened.client.get("/api/rows/c1s2").json()["takes"]
        without = opened.client.get(f"/api/rows/c1s2/takes/{failed[0]['name']}/audio")
    assert [take["is_current"] for take in takes] == [True, False]
    assert all(answer.content[:4] == b"fLaC" for answer in answers)
    assert answers[0].headers["content-type"] == "audio/flac"
    assert "immutable" in answers[0].headers["cache-control"]
    assert without.status_code == 400
    assert "no audio" in without.json()["error"]


def test_a_decision_is_appended_to_the_run_and_shown(run):
    with open_desk(run) as opened:
        take = next(t for t in opened.client.get("/api/rows/c1s0").json()["takes"] if t["is_current"])
        row = opened.client.post("/api/decide", json={"id": "c1s0", "take": take["name"], "verdict": "pin"}).json()
        assert row["verdict"] == "pin"
        assert marks(opened.client)["c1s0"] == Mark.FLAGGED | Mark.PINNED
        opened.client.post("/api/decide", json={"id": "c1s0", "note": "the Hare"})
        row = opened.client.post("/api/decide", json={"id": "c1s0", "pause_after_s": 1.5}).json()
        assert row["pause_after_s"] == 1.5
    found = read_choices(run).row("c1s0")
    assert found.pinned == (take["name"].rpartition("-")[0], 1)
    assert (found.note, found.edit.pause_after_s) == ("the Hare", 1.5)
    assert found.history[0].who


def test_undo_takes_back_one_decision_after_the_other(run):
    with open_desk(run) as opened:
        client = opened.client
        first, second = (t["name"] for t in client.get("/api/rows/c1s0").json()["takes"])
        for body in (
            {"take": first, "verdict": "pin"},
            {"take": second, "verdict": "pin"},
            {"take": first, "verdict": "reject"},
            {"note": "a"},
            {"note": "b"},
            {"pause_after_s": 2},
        ):
            assert client.post("/api/decide", json={"id": "c1s0", **body}).status_code == 200
        states = []
        while client.post("/api/undo", json={}).json()["row"]:
            row = client.get("/api/rows/c1s0").json()
            verdicts = tuple(take["verdict"] for take in row["takes"])
            states.append((verdicts, row["note"], row["pause_after_s"]))
    assert states == [
        (("reject", "pin"), "b", None),
        (("reject", "pin"), "a", None),
        (("reject", "pin"), "", None),
        (("keep", "pin"), "", None),
        (("pin", None), "", None),
        ((None, None), "", None),
    ]


def test_rows_are_marked_as_played_once(run):
    with open_desk(run) as opened:
        for _ in range(2):
            opened.client.post("/api/played", json={"ids": ["c1s1", "c1s3", "unknown"]})
        found = marks(opened.client)
    assert {row for row, mark in found.items() if mark & Mark.PLAYED} == {"c1s1", "c1s3"}
    assert sum(len(read_choices(run).row(row).history) for row in found) == 2


def test_the_second_desk_of_a_run_is_read_only_until_the_first_ends(run):
    with open_desk(run) as first, open_desk(run) as second:
        assert not first.client.get("/api/run").json()["is_read_only"]
        assert second.client.get("/api/run").json()["is_read_only"]
        for path, body in (("decide", {"id": "c1s1", "note": "x"}), ("played", {"ids": []}), ("undo", {})):
            answer = second.client.post(f"/api/{path}", json=body)
            assert answer.status_code == 400
            assert "read-only" in answer.json()["error"]
        first.desk.close()
        assert not second.client.get("/api/run").json()["is_read_only"]
    with open_desk(run, is_writable=False) as third:
        assert third.client.get("/api/run").json()["is_read_only"]


def test_takes_and_decisions_of_other_processes_appear(run):
    parts = sorted((run / "parts").iterdir())
    hidden = run / parts[-1].name
    parts[-1].rename(hidden)
    with open_desk(run) as opened:
        before = opened.client.get("/api/run").json()
        hidden.rename(parts[-1])
        opened.client.get("/api/contents")
        after = opened.client.get("/api/run").json()
    assert after["n_takes"] > before["n_takes"]
    assert after["version"] > before["version"]


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="not a run folder"):
        RunView(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"format": 1}))
    with pytest.raises(RunError, match="no plan"):
        RunView(tmp_path)


def test_a_run_that_is_not_a_book_has_no_chapters_and_lists_its_voices_and_characters_as_none(tmp_path):
    run_job(job(tmp_path, 2))
    with open_desk(tmp_path / "run") as opened:
        found = opened.client.get("/api/contents").json()
        assert (found["chapters"], found["voices"], found["characters"]) == ([], [], [])
        assert opened.client.get("/api/run").json()["is_book"] is False
