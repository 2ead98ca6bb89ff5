import copy

import pytest

from hierbatch.manifest.books.merged_rows import UsedIds, carry_ids, merge_rows

TEXTS = ["The lamp was lit.", "It was late in the evening.", "Nobody came to the door.", "The clock struck nine times."]


def rows(texts, chapter=1):
    return [
        {
            "id": f"c{chapter:03d}-{number:05d}",
            "text": text,
            "voice": None,
            "chapter": chapter,
            "sentence_index": number,
            "pause_after_s": None,
        }
        for number, text in enumerate(texts, start=1)
    ]


def merge(base, edited, imported, prefer=None):
    return merge_rows(base, edited, imported, UsedIds(), prefer)


def ids(listed):
    return [row["id"] for row in listed]


@pytest.fixture
def base():
    return rows(TEXTS)


def test_a_paragraph_in_front_moves_no_edit_and_takes_no_id(base):
    edited = copy.deepcopy(base)
    edited[2] |= {"text": "Nobody at all came.", "voice": "anna"}
    merged = merge(base, edited, rows(["A new first line of the book!", *TEXTS]))
    assert not merged.conflicts
    assert ids(merged.rows) == ["c001-00005", *ids(base)]
    assert [row["text"] for row in merged.rows][3] == "Nobody at all came."
    assert [row["voice"] for row in merged.rows] == [None, None, None, "anna", None]
    assert [row["sentence_index"] for row in merged.rows] == [1, 2, 3, 4, 5]
    assert (merged.n_added, merged.n_removed, merged.n_changed, merged.n_edited) == (1, 0, 0, 1)


def test_an_id_is_never_used_again(base):
    used = UsedIds()
    without_last = carry_ids(base, rows(TEXTS[:3]), used)
    again = carry_ids(without_last, rows([*TEXTS[:3], "Quite another ending, which is unlike it."]), used)
    assert ids(again) == ["c001-00001", "c001-00002", "c001-00003", "c001-00005"]


def test_a_sentence_changed_in_the_book_keeps_its_id_and_gets_the_new_text(base):
    imported = rows([TEXTS[0], "It was very late in the evening.", *TEXTS[2:]])
    merged = merge(base, copy.deepcopy(base), imported)
    assert ids(merged.rows) == ids(base)
    assert merged.rows[1]["text"] == "It was very late in the evening."
    assert merged.n_changed == 1


def test_the_same_change_on_both_sides_is_no_conflict(base):
    edited = copy.deepcopy(base)
    edited[1]["text"] = "It was very late in the evening."
    merged = merge(base, edited, rows([TEXTS[0], "It was very late in the evening.", *TEXTS[2:]]))
    assert not merged.conflicts
    assert merged.rows[1]["text"] == "It was very late in the evening."


@pytest.mark.parametrize(("prefer", "text"), [("edited", "It was early."), ("imported", "It was so late.")])
def test_different_changes_of_one_sentence_are_a_conflict_until_one_is_preferred(base, prefer, text):
    edited = copy.deepcopy(base)
    edited[1]["text"] = "It was early."
    imported = rows([TEXTS[0], "It was so late.", *TEXTS[2:]])
    imported[1]["text"] = "It was so late."
    near = copy.deepcopy(base)
    near[1]["text"] = "It was late."
    [conflict] = merge(near, edited, imported).conflicts
    assert conflict.id == "c001-00002"
    assert "It was early." in conflict.reason
    assert merge(near, edited, imported, prefer).rows[1]["text"] == text


def test_an_edited_sentence_that_the_book_lost_is_a_conflict_and_an_unedited_one_is_dropped(base):
    edited = copy.deepcopy(base)
    edited[1]["voice"] = "anna"
    imported = rows([TEXTS[0], TEXTS[3]])
    [conflict] = merge(base, edited, imported).conflicts
    assert conflict.id == "c001-00002"
    assert ids(merge(base, edited, imported, "edited").rows) == ["c001-00001", "c001-00002", "c001-00004"]
    assert ids(merge(base, edited, imported, "imported").rows) == ["c001-00001", "c001-00004"]
    assert ids(merge(base, copy.deepcopy(base), imported).rows) == ["c001-00001", "c001-00004"]


def test_a_row_removed_from_the_manifest_stays_removed(base):
    edited = [row for row in copy.deepcopy(base) if row["id"] != "c001-00002"]
    merged = merge(base, edited, rows(["A new first line of the book!", *TEXTS]))
    assert ids(merged.rows) == ["c001-00005", "c001-00001", "c001-00003", "c001-00004"]


def test_rows_and_columns_that_only_the_manifest_has_stay_in_their_places(base):
    edited = [{**row, "character": "narrator"} for row in copy.deepcopy(base)]
    own = {**dict.fromkeys(edited[0]), "id": "my-own", "text": "A line of mine."}
    edited.insert(2, own)
    merged = merge(base, edited, rows(["A new first line of the book!", *TEXTS]))
    assert ids(merged.rows) == ["c001-00005", "c001-00001", "c001-00002", "my-own", "c001-00003", "c001-00004"]
    assert [row.get("character") for row in merged.rows] == [None, "narrator", "narrator", None, "narrator", "narrator"]
    assert [row["chapter"] for row in merged.rows] == [1] * 6
    assert [row["sentence_index"] for row in merged.rows] == [1, 2, 3, 4, 5, 6]


def test_merging_the_same_import_changes_nothing(base):
    edited = copy.deepcopy(base)
    edited[0]["pause_after_s"] = 2.0
    merged = merge(base, copy.deepcopy(edited), rows(TEXTS))
    assert merged.rows == edited
    assert merged.imported == base
