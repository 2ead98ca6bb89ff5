"""HTML players for takes in a browser or a notebook, with spectrogram, text and flags."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

from hierbatch.analysis.spectrogram_thumbnail import spectrogram_png
from hierbatch.analysis.take_measures import TakeMeasure, format_value
from hierbatch.audio.files import encode_sound, read_sound
from hierbatch.audio.waveform import Samples, Waveform

_STYLE = """
<style>
.hb-takes { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(min(21rem, 100%), 1fr)); }
.hb-take { border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .5rem; padding: .75rem; }
.hb-take img { width: 100%; height: 4.5rem; border-radius: .25rem; display: block; }
.hb-take audio { width: 100%; margin-top: .5rem; display: block; }
.hb-take p { margin: .4rem 0 0; overflow-wrap: anywhere; }
.hb-take .hb-name { margin: 0 0 .4rem; font-weight: 600; }
.hb-flag { border: 1px solid currentColor; border-radius: 1rem; padding: 0 .5em; font-size: .85em; font-weight: 600; }
</style>
"""


@dataclass(frozen=True)
class TakeSound:
    """The audio of one take: a player in a notebook, and samples for analysis."""

    id: str
    content: bytes
    """The encoded file as stored in the run."""

    @cached_property
    def waveform(self) -> Waveform:
        """The decoded audio."""
        return read_sound(self.content, name=f"the sound of row {self.id}")

    @property
    def samples(self) -> Samples:
        """Samples of the take."""
        return self.waveform.samples

    @property
    def rate_hz(self) -> int:
        """Sampling rate in Hz."""
        return self.waveform.rate_hz

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return self.waveform.duration_s

    def picture(self) -> str:
        """Spectrogram as a `data:` URL."""
        return _data_url("image/png", spectrogram_png(self.waveform))

    def player_source(self, *, max_duration_s: float = 30.0) -> str:
        """First `max_duration_s` seconds as an MP3 `data:` URL; smaller than FLAC, playable in all common browsers."""
        sound = self.waveform
        beginning = Waveform(sound.samples[: round(max_duration_s * sound.rate_hz)], sound.rate_hz)
        return _data_url("audio/mpeg", encode_sound(beginning, container="MP3", codec="MPEG_LAYER_III"))

    def _repr_html_(self) -> str:
        return f'<audio controls src="{_data_url("audio/flac", self.content)}"></audio>'


@dataclass(frozen=True, slots=True)
class TakeGallery:
    """Several takes side by side in a notebook."""

    rows: Sequence[Mapping[str, Any]]
    sounds: Mapping[str, TakeSound]
    measures: Sequence[TakeMeasure]

    def __len__(self) -> int:
        return len(self.rows)

    def _repr_html_(self) -> str:
        cards = "".join(take_card(row, self.sounds.get(row["id"]), self.measures) for row in self.rows)
        return f'{_STYLE}<div class="hb-takes">{cards}</div>'


def take_card(row: Mapping[str, Any], sound: TakeSound | None, measures: Sequence[TakeMeasure]) -> str:
    """Render one take as HTML: name, spectrogram, player, text, flags and measures; the reason if the take failed.

    Args:
        row: columns of the take.
        sound: audio of the take; None for a failed take.
        measures: measures to list.
    """
    name = " · ".join(str(row[column]) for column in ("id", "voice", "language") if row.get(column))
    elements = [f'<p class="hb-name">{escape(name)}</p>']
    if sound is not None:
        label = escape(f"{row['id']}, {sound.duration_s:.1f} s")
        elements.append(f'<img src="{sound.picture()}" alt="Spectrogram of {label}">')
        elements.append(f'<audio controls preload="none" aria-label="{label}" src="{sound.player_source()}"></audio>')
    if text := row.get("text_norm"):
        elements.append(f'<p lang="{escape(row.get("language") or "")}">{escape(text)}</p>')
    if row.get("error_kind"):
        elements.append(
            f"<p><strong>Failed, {escape(row['error_kind'])}:</strong> {escape(row.get('error') or '')}</p>"
        )
    if flags := list(row.get("flags") or ()):
        elements.append("<p>" + " ".join(f'<span class="hb-flag">{escape(flag)}</span>' for flag in flags) + "</p>")
    elements.append(f"<p>{escape(format_measures(row, measures))}</p>")
    return f'<div class="hb-take">{"".join(elements)}</div>'


def format_measures(row: Mapping[str, Any], measures: Sequence[TakeMeasure]) -> str:
    """Line with the measures of a row and their units, without measures that have no value."""
    return " · ".join(f"{name} {value}" for name, value in listed_measures(row, measures))


def listed_measures(row: Mapping[str, Any], measures: Sequence[TakeMeasure]) -> list[tuple[str, str]]:
    """Short name and formatted value of each measure that has a value in the row."""
    return [
        (measure.short, format_value(measure, row[measure.column])) for measure in measures if _has(row, measure.column)
    ]


def _has(row: Mapping[str, Any], column: str) -> bool:
    value = row.get(column)
    return value is not None and value == value  # a missing number is NaN in pandas


def _data_url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
