"""Loopback hosts, and the host names of addresses that clients send."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def host_name(address: str) -> str:
    """Host of an address such as `//HOST:PORT`, in lower case; empty if the address names none or is invalid."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # a bracket without its other half
        return ""
