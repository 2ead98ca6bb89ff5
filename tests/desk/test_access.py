import json

import pytest
from starlette.testclient import TestClient

from hierbatch.desk.access import Secrets
from tests.desk.small_desk import BASE, open_desk, small_run


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with open_desk(small_run(tmp_path_factory.mktemp("run"))) as found:
        yield found


@pytest.fixture
def stranger(opened):
    """A client without the cookie."""
    return TestClient(opened.client.app, base_url=BASE, headers={"origin": BASE})


def test_without_the_token_nothing_is_served(stranger):
    for path in ("/", "/static/desk.css", "/api/run", "/api/rows/c1s0", "/?token=wrong", "/?token="):
        assert stranger.get(path).status_code == 403
    assert stranger.post("/api/undo", json={}).status_code == 403


def test_the_token_is_exchanged_for_a_cookie_that_scripts_cannot_read(opened, stranger):
    answer = stranger.get("/", params={"token": opened.secrets.token}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert opened.secrets.token not in cookie
    assert stranger.get("/api/run").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "localhost.evil:8377"])
def test_other_host_names_are_refused(opened, host):
    assert opened.client.get("/api/run", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:9000", "127.0.0.1:1", "[::1]:8377"])
def test_a_tunnel_may_have_another_port(opened, host):
    assert opened.client.get("/api/run", headers={"host": host}).status_code == 200
    posted = opened.client.post("/api/undo", json={}, headers={"host": host, "origin": f"http://{host}"})
    assert posted.status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "", "http://[bad"])
def test_posts_of_other_origins_are_refused(opened, origin):
    answer = opened.client.post("/api/decide", json={"id": "c1s0", "note": "x"}, headers={"origin": origin})
    assert answer.status_code == 403
    assert opened.client.get("/api/rows/c1s0").json()["note"] == ""


def test_other_methods_are_refused(opened):
    assert opened.client.put("/api/decide", json={}).status_code == 405


def test_every_answer_has_the_security_headers(opened, stranger):
    for answer in (opened.client.get("/"), stranger.get("/"), opened.client.get("/api/rows/none")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_has_no_inline_script_style_or_foreign_address(opened):
    page = opened.client.get("/").text
    assert page.count("<script") == 1
    assert 'src="/static/main.js"' in page
    assert " style=" not in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/api/rows/..%2f..%2frun.json",
        "/api/rows/c1s0/takes/..%2f..%2f..%2frun.json/audio",
        "/api/rows/c1s0/takes/run.json-1/audio",
    ],
)
def test_no_request_names_a_file(opened, path):
    assert opened.client.get(path).status_code in (400, 404)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"null",
        b"[" * 50_000,
        b'{"id": 7}',
        b'{"id": "none", "note": "x"}',
        b'{"id": "c1s0", "verdict": "keep"}',
        b'{"id": "c1s0", "take": "x-1", "verdict": "keep"}',
        b'{"id": "c1s0", "take": "", "verdict": "keep"}',
        b'{"id": "c1s0", "pause_after_s": "long"}',
        b'{"id": "c1s0", "pause_after_s": 99}',
        b'{"id": "c1s0", "pause_after_s": NaN}',
        b'{"id": "c1s0", "note": {"a": 1}}',
        json.dumps({"id": "c1s0", "note": "x" * 70_000}).encode(),
    ],
)
def test_a_malformed_request_changes_nothing_and_is_answered(opened, body):
    answer = opened.client.post("/api/decide", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert opened.client.get("/api/rows/c1s0").json()["history"] == []


def test_two_desks_do_not_share_a_cookie():
    assert Secrets().token != Secrets().token
    assert Secrets().session != Secrets().session


@pytest.mark.parametrize("body", [b'{"id": "\\ud800"}', b'{"id": "c1s0", "note": "\\udfff"}', b"[" * 60_000, b"\xff"])
def test_bodies_that_are_no_text_are_refused(opened, body):
    assert opened.client.post("/api/decide", content=body).status_code == 400


def test_a_decision_without_content_leaves_nothing_to_take_back(opened):
    n_undoable = opened.client.get("/api/run").json()["n_undoable"]
    assert opened.client.post("/api/decide", json={"id": "c1s0"}).status_code == 200
    assert opened.client.get("/api/run").json()["n_undoable"] == n_undoable
    assert opened.client.post("/api/undo", json={}).status_code == 200


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "x", "²"])
def test_chapters_are_named_by_short_numbers(opened, number):
    assert opened.client.get(f"/api/chapters/{number}").status_code == 400


def test_a_body_over_64_kb_is_refused(opened):
    note = json.dumps({"id": "c1s0", "note": "x" * 66_000})
    answer = opened.client.post("/api/decide", content=note)
    assert answer.status_code == 400
    assert "65536 bytes" in answer.json()["error"]
    assert opened.client.get("/api/rows/c1s0").json()["note"] == ""
