import pytest

from hierbatch.errors import InputError
from hierbatch.manifest.decisions.row_edits import RowEdit
from hierbatch.manifest.decisions.take_requests import (
    TakeRequest,
    answer_request,
    append_request,
    read_requests,
    waiting_requests,
)


def test_requests_are_read_with_their_answers_oldest_first(tmp_path):
    edit = RowEdit(phonemes="h ə l oʊ", voice="other")
    first = append_request(tmp_path, TakeRequest(id="a", edit=edit, n_takes=3, who="me"))
    second, third, fourth = (append_request(tmp_path, TakeRequest(id=name)) for name in "bcd")
    answer_request(tmp_path, second.request, "planned", takes=[("k", 2), ("l", 3)])
    answer_request(tmp_path, third.request, "refused", error="no such row")
    states = read_requests(tmp_path)
    assert list(states) == [request.request for request in (first, second, third, fourth)]
    assert states[first.request].request == first
    assert states[second.request].takes == (("k", 2), ("l", 3))
    assert states[third.request].error == "no such row"
    assert waiting_requests(states.values()) == [first, fourth]


def test_a_request_that_was_planned_before_it_was_withdrawn_is_planned(tmp_path):
    request = append_request(tmp_path, TakeRequest(id="a"))
    answer_request(tmp_path, request.request, "withdrawn")
    assert not waiting_requests(read_requests(tmp_path).values())
    answer_request(tmp_path, request.request, "planned", takes=[("k", 2)])
    assert read_requests(tmp_path)[request.request].answer == "planned"


def test_an_invalid_line_is_a_refused_request_and_costs_no_other(tmp_path):
    request = append_request(tmp_path, TakeRequest(id="a"))
    (tmp_path / "requests" / "x.jsonl").write_text('{"request": "r", "id": "b", "n_takes": 900}\n{"id": 1}\n')
    states = read_requests(tmp_path)
    assert (states["r"].answer, "1 to 5" in states["r"].error) == ("refused", True)
    assert waiting_requests(states.values()) == [request]


def test_a_number_of_takes_out_of_range_is_refused():
    with pytest.raises(InputError, match="1 to 5"):
        TakeRequest(id="a", n_takes=6)
