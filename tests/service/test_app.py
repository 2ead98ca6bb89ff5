"""The endpoint speaks in every format, marks its sound as synthetic, and refuses what it cannot or must not serve."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from hierbatch.api.loading import load
from hierbatch.api.speech import SpeechPipeline
from hierbatch.audio.files import read_sound
from hierbatch.delivery.tags import synthetic_notice
from hierbatch.errors import InputError
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.programs import pipe_program
from hierbatch.service.app import speech_app
from hierbatch.service.request import MAX_BODY_BYTES, HttpSpeechRequest
from hierbatch.service.server import ServeJob, serve
from hierbatch.service.speech_service import SpeechService
from tests.tiny_bundle import write_tiny_bundle

_PROMPT = Path(__file__).parents[2] / "manifests" / "voices" / "narrator.flac"
_ASKED = {"model": "tiny", "input": "Hello there. How are you?", "voice": "anna"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> SpeechService:
    pipeline = load(write_tiny_bundle(tmp_path_factory.mktemp("tiny"), log_duration=1.7))
    assert isinstance(pipeline, SpeechPipeline)
    return SpeechService(pipeline, {"anna": pipeline.voice(_PROMPT, consent="licensed", name="anna")})


@pytest.fixture(scope="module")
def client(service: SpeechService) -> Iterator[TestClient]:
    with TestClient(speech_app(service), base_url="http://127.0.0.1") as opened:
        yield opened


def _expected(service: SpeechService) -> np.ndarray:
    return np.concatenate(list(service.speak(HttpSpeechRequest(text=_ASKED["input"], voice="anna"))))


@pytest.mark.parametrize("name", ["flac", "mp3", "opus"])
def test_every_format_holds_the_whole_sound_and_the_notice(
    client: TestClient, service: SpeechService, name: str
) -> None:
    answer = client.post("/v1/audio/speech", json={**_ASKED, "response_format": name})
    assert answer.status_code == 200
    assert answer.headers["x-synthetic-speech"] == "true"
    duration_s = len(_expected(service)) / service.pipeline.rate_hz
    assert read_sound(answer.content).duration_s == pytest.approx(duration_s, abs=0.1)
    assert synthetic_notice().encode() in answer.content


def test_wav_and_flac_have_the_samples_of_the_pipeline(client: TestClient, service: SpeechService) -> None:
    expected = np.round(np.clip(_expected(service), -1, 1) * 32767)
    flac = client.post("/v1/audio/speech", json={**_ASKED, "response_format": "flac"}).content
    np.testing.assert_array_equal(np.round(read_sound(flac).samples * 32768), expected)
    wav = client.post("/v1/audio/speech", json={**_ASKED, "response_format": "wav"}).content
    assert wav[:4] == b"RIFF"
    np.testing.assert_array_equal(np.frombuffer(wav[wav.index(b"data") + 8 :], "<i2"), expected)


def test_pcm_is_at_24_khz(client: TestClient, service: SpeechService) -> None:
    pcm = client.post("/v1/audio/speech", json={**_ASKED, "response_format": "pcm"}).content
    n_expected = len(_expected(service)) * 24_000 / service.pipeline.rate_hz
    assert len(pcm) / 2 == pytest.approx(n_expected, abs=2)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"voice": "nobody"}, 400, "voice"),
        ({"language": "xx"}, 400, "language"),
        ({"input": "…"}, 400, "input"),
        ({"input": "\u0000"}, 400, "input"),
        ({"speed": 9}, 400, "speed"),
    ],
)
def test_a_bad_request_is_answered_as_openai_does(
    client: TestClient, change: dict[str, object], status: int, field: str
) -> None:
    answer = client.post("/v1/audio/speech", json={**_ASKED, **change})
    assert answer.status_code == status
    assert answer.json()["error"]["param"] == field
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_large_body_is_refused_before_it_is_read(client: TestClient) -> None:
    answer = client.post("/v1/audio/speech", content=b"x" * (MAX_BODY_BYTES + 1))
    assert answer.status_code == 413


def _messages(service: SpeechService, body: bytes, *, is_complete: bool = True) -> list[Message]:
    """Messages that the application sends for one request, whose client leaves after an incomplete body."""
    headers = [(b"host", b"127.0.0.1")]
    scope = {"type": "http", "method": "POST", "path": "/v1/audio/speech", "headers": headers, "query_string": b""}
    received = iter([{"type": "http.request", "body": body, "more_body": not is_complete}])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(received, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(speech_app(service)(scope | {"asgi": {"version": "3.0", "spec_version": "2.4"}}, receive, send))
    return sent


def test_a_client_that_leaves_costs_no_error(service: SpeechService) -> None:
    assert _messages(service, b"{", is_complete=False)[0]["type"] == "http.response.start"


def test_a_sentence_that_cannot_be_spoken_cuts_the_answer_off(
    service: SpeechService, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({**_ASKED, "input": "Hello there. " + "1" * 400 + ".", "response_format": "wav"}).encode()
    sent = _messages(service, body)
    assert sent[0]["status"] == 200
    assert all(message["more_body"] for message in sent[1:])
    assert "An answer was cut off" in caplog.text


def test_voices_are_listed_with_their_consent(client: TestClient) -> None:
    listed = client.get("/v1/voices").json()["data"]
    assert [(voice["id"], voice["consent"]) for voice in listed] == [("anna", "licensed")]


def test_other_sites_and_wrong_keys_are_refused(client: TestClient, service: SpeechService) -> None:
    assert client.get("/v1/voices", headers={"host": "evil.example"}).status_code == 403
    for origin in ("https://evil.example", "null", "http://[::1"):
        assert client.get("/v1/voices", headers={"origin": origin}).status_code == 403
    assert client.get("/v1/voices", headers={"host": "[::1"}).status_code == 403
    with TestClient(speech_app(service, token="secret"), base_url="http://127.0.0.1") as keyed:
        assert keyed.get("/v1/voices").status_code == 401
        assert keyed.get("/v1/voices", headers={"authorization": "Bearer secret"}).status_code == 200


def test_an_error_of_the_source_reaches_the_reader_of_a_program() -> None:
    def blocks() -> Iterator[bytes]:
        yield b"a"
        raise RuntimeError("broken source")

    with pytest.raises(RuntimeError, match="broken source"):
        list(pipe_program(["cat"], blocks()))
    assert b"".join(pipe_program(["cat"], iter([b"a" * 300_000, b"b"]))) == b"a" * 300_000 + b"b"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_another_interface_needs_a_key(host: str) -> None:
    with pytest.raises(InputError, match="without a token"):
        serve(ServeJob(voices=VoiceChoice(voice=_PROMPT), model=ModelChoice(), host=host))
