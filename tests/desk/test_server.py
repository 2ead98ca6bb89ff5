"""Clients can connect as soon as the address of a server is known."""

import socket

import pytest

from hierbatch.desk.server import listen
from hierbatch.errors import InputError


def test_an_address_accepts_connections_before_the_server_runs():
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname(), timeout=5) as client:
        client.sendall(b"early")
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.recv(5) == b"early"


def test_a_port_in_use_is_refused_with_a_fix():
    with listen("127.0.0.1", 0) as listening, pytest.raises(InputError, match="--port"):
        listen("127.0.0.1", listening.getsockname()[1])
