"""OpenAI's own client speaks with a real server: one sentence streamed, eight clients at once."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from openai import BadRequestError, OpenAI

from hierbatch.audio.files import read_sound

pytestmark = pytest.mark.slow

_VOICES = Path(__file__).parents[2] / "manifests" / "voices" / "voices.csv"
_COMMAND = "from hierbatch.cli.app import main; main()"


@pytest.fixture(scope="module")
def client() -> Iterator[OpenAI]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [sys.executable, "-c", _COMMAND, "serve", "--voices", str(_VOICES), "--port", str(port)]
    process = subprocess.Popen([*arguments, "--token", "secret"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address == f"http://127.0.0.1:{port}/v1"
        yield OpenAI(base_url=address, api_key="secret", max_retries=0)
    finally:
        process.terminate()
        process.wait(30)


def test_a_sentence_is_streamed(client: OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="lite", voice="clear", input="Hello there. This is the second sentence.", response_format="flac"
    ) as answer:
        content = b"".join(answer.iter_bytes())
    sound = read_sound(content)
    assert sound.rate_hz == 16_000
    assert 2.0 < sound.duration_s < 6.0
    assert abs(sound.samples).max() > 0.05


def test_eight_clients_at_once_get_what_one_gets(client: OpenAI) -> None:
    def speak(number: int) -> bytes:
        text = f"This is client number {number}."
        return client.audio.speech.create(model="lite", voice="low", input=text, response_format="pcm").content

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(speak, range(8)))
    assert together == [speak(number) for number in range(8)]


def test_an_unknown_voice_is_a_bad_request(client: OpenAI) -> None:
    with pytest.raises(BadRequestError, match="Unknown voice"):
        client.audio.speech.create(model="lite", voice="nobody", input="Hello.")
