"""Subtitle files, read by a rule of their own."""

import re


def parsed(text):
    """Times in seconds and texts of an SRT or VTT file, read by a rule of its own."""
    clock = r"(\d\d):(\d\d):(\d\d)[.,](\d\d\d)"
    for match in re.finditer(rf"{clock} --> {clock}\n((?:.+\n?)+)", text):
        numbers = [int(group) for group in match.groups()[:8]]
        start_s, end_s = (h * 3600 + m * 60 + s + ms / 1000 for h, m, s, ms in (numbers[:4], numbers[4:]))
        yield start_s, end_s, match.group(9).strip()
