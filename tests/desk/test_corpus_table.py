import numpy as np
import pytest
from scipy.stats import binom

from hierbatch.desk.audit import share_interval
from hierbatch.manifest.decisions.choices import Choice, append_choice
from tests.delivery.book_run import book_rows
from tests.desk.small_desk import open_desk, small_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    rows = [row | {"flags": [], "snr_db": 10.0 * at} for at, row in enumerate(book_rows(2, 4))]
    return small_run(tmp_path_factory.mktemp("run") / "run", rows)


@pytest.fixture(scope="module")
def client(run):
    with open_desk(run) as opened:
        yield opened.client


def page(client, **query):
    return client.post("/api/table", json=query).json()


def ids(client, **query):
    return [row["id"] for row in page(client, **query)["rows"]]


ALL = ["c1s0", "c1s1", "c1s2", "c1s3", "c2s0", "c2s1", "c2s2"]


def test_every_row_with_a_take_is_listed_once_in_manifest_order(client):
    assert ids(client) == ALL
    assert page(client)["total"] == 7


def test_pages_divide_the_rows(client):
    found = [ids(client, offset=offset, limit=3, sort="snr_db", is_descending=True) for offset in (0, 3, 6)]
    assert [len(part) for part in found] == [3, 3, 1]
    assert sorted(row for part in found for row in part) == ALL
    assert found[0][0] == "c2s2"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"show": "flagged"}, ["c1s0"]),
        ({"show": "failed"}, ["c1s2"]),
        ({"show": "undecided"}, ["c1s0", "c1s2"]),
        ({"equal": {"flag": "too_long"}}, ["c1s0"]),
        ({"equal": {"error_kind": "text"}}, ["c1s2"]),
        ({"ranges": {"snr_db": [25, 45]}}, ["c1s3", "c2s0"]),
        ({"text": "C2S1"}, []),
        ({"text": "c2s1"}, ["c2s1"]),
        ({"text": "so-AND-so", "ranges": {"snr_db": [0, 5]}}, ["c1s0"]),
    ],
)
def test_filters_select_rows(client, query, expected):
    assert ids(client, **query) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "id; DROP TABLE takes"},
        {"sort": "audio"},
        {"ranges": {"1=1": [0, 1]}},
        {"ranges": {"snr_db": [0]}},
        {"ranges": {"snr_db": ["x", 1]}},
        {"ranges": [1]},
        {"show": "true) OR (true"},
        {"equal": {"id": "c1s0"}},
        {"limit": "many"},
    ],
)
def test_unknown_columns_and_values_are_refused(client, query):
    answer = client.post("/api/table", json=query)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert ids(client) == ALL


def test_text_and_values_are_never_sql(client):
    for text in ("' OR 1=1 --", '"; DROP TABLE takes; --', "%", "_"):
        assert ids(client, text=text) == []
        assert ids(client, equal={"voice": text}) == []
    assert ids(client) == ALL


def test_histograms_count_all_and_the_selected_rows(client):
    answer = client.post("/api/histograms", json={"ranges": {"snr_db": [25, 100]}, "show": "all"}).json()
    found = {histogram["column"]: histogram for histogram in answer["histograms"]}
    snr = found["snr_db"]
    assert (snr["low"], snr["high"], sum(snr["all"])) == (0, 60, sum(snr["selected"]))
    assert sum(found["duration_s"]["selected"]) < sum(found["duration_s"]["all"])
    assert answer["choices"]["flag"] == ["too_long"]


def test_decisions_of_the_run_are_filters_too(run, client):
    take = client.get("/api/rows/c2s2").json()["takes"][0]
    client.post("/api/decide", json={"id": "c2s2", "take": take["name"], "verdict": "reject"})
    assert ids(client, show="rejected") == ["c2s2"]
    client.post("/api/undo", json={})
    assert ids(client, show="rejected") == []
    append_choice(run, Choice(id="c2s1", listened=True))
    assert "c2s1" not in ids(client, show="unplayed")


def test_a_sample_is_random_repeatable_and_judged_row_by_row(client):
    drawn = client.post("/api/audit", json={"n_rows": 3, "seed": 1}).json()["audit"]
    assert (drawn["n_drawn"], drawn["n_rejected"]) == (3, 0)
    first = ids(client, is_audit=True)
    client.post("/api/audit", json={"n_rows": 3, "seed": 1})
    assert ids(client, is_audit=True) == first
    others = set()
    for seed in range(20):
        client.post("/api/audit", json={"n_rows": 3, "seed": seed})
        others |= set(ids(client, is_audit=True))
    assert others == set(ALL) - {"c1s2"}  # the failed row has no audio to judge
    client.post("/api/audit", json={"n_rows": 3, "seed": 1})
    take = client.get(f"/api/rows/{first[0]}").json()["takes"][0]
    client.post("/api/decide", json={"id": first[0], "take": take["name"], "verdict": "reject"})
    audit = client.post("/api/histograms", json={}).json()["audit"]
    assert audit["n_rejected"] == 1
    client.post("/api/undo", json={})
    assert client.post("/api/audit", json={"n_rows": 0}).json()["audit"] is None


def test_the_interval_is_that_of_clopper_and_pearson():
    assert share_interval(3, 100) == pytest.approx((0.00623, 0.08518), abs=1e-5)
    assert share_interval(0, 10) == (0.0, pytest.approx(1 - 0.025**0.1))
    assert share_interval(10, 10) == (pytest.approx(0.025**0.1), 1.0)


def test_the_interval_covers_the_share_at_least_as_often_as_it_promises():
    for share in (0.01, 0.05, 0.3):
        counts = np.arange(61)
        is_covered = [low <= share <= high for low, high in (share_interval(int(k), 60) for k in counts)]
        assert binom.pmf(counts, 60, share)[is_covered].sum() >= 0.95
