"""A run as one HTML page that needs nothing beside it: totals, pictures, the worst takes to listen to, every voice.

Its size is bounded however long the run is: so many players, so many bytes of sound, so many lines in a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from hierbatch.analysis.figures import pictures_of
from hierbatch.analysis.listening import ShownTakes, TakeSound, told_measures
from hierbatch.analysis.measures_of_takes import MEASURES
from hierbatch.analysis.similarity import SimilarityMatrix
from hierbatch.analysis.study import RunStudy
from hierbatch.analysis.summary import RunSummary, VoiceSummary
from hierbatch.programs import needed_package

_MOST_VOICES = 200
_LONGEST_PLAYED_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLimits:
    """How much a page may hold."""

    n_worst: int = 24
    n_ordinary: int = 6
    sound_bytes: int = 6_000_000
    """Players in all; takes past this stand without one."""


@dataclass(frozen=True, slots=True)
class _Total:
    name: str
    value: str
    is_bad: bool = False


def report_page(
    run: RunStudy, written_at: datetime, matrix: SimilarityMatrix | None = None, limits: PageLimits | None = None
) -> str:
    """The page.

    Raises:
        ProgramError: matplotlib or jinja2 is not installed.
        RunError: a part of the run is damaged.
    """
    limits = limits or PageLimits()
    summary = run.summary
    jinja2 = needed_package("jinja2", extra="study")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string((files("hierbatch.analysis") / "report.html").read_text(encoding="utf-8"))
    groups = _groups(run, summary, limits)
    facts = {
        "name": run.folder.resolve().name,
        "version": version("hierbatch"),
        "written_at": f"{written_at:%Y-%m-%d %H:%M %Z}".strip(),
        "model": _model(run),
        "n_voices": _n(len(summary.voices), "voice"),
        "languages": "".join(f", {_n(n, 'row')} in {name}" for name, n in summary.languages.items()),
        "totals": _totals(summary),
        "failures": summary.failures,
        "flags": [
            {"name": name, "n_takes": f"{n:,}", "share": f"{n / summary.n_ok:.1%}"} for name, n in summary.flags.items()
        ],
        "pictures": pictures_of(summary, matrix),
        "groups": groups,
        **_voices(summary),
    }
    return str(template.render(facts, sections=_sections(facts)))


def _sections(facts: dict[str, Any]) -> list[tuple[str, str]]:
    titles = {"failures": "Failures by reason", "flags": "Flags", "pictures": "Pictures"}
    found = [("totals", "Totals"), *((name, title) for name, title in titles.items() if facts[name])]
    found += [(group["anchor"], group["title"]) for group in facts["groups"]]
    return [*found, ("voices", "Voices")] if facts["voices"] else found


def _totals(summary: RunSummary) -> list[_Total]:
    hours, seconds = divmod(round(summary.sound_s), 3600)
    return [
        _Total("rows", f"{summary.n_rows:,}"),
        _Total("spoken", f"{summary.n_ok:,}"),
        _Total("failed", f"{summary.n_failed:,}", is_bad=summary.n_failed > 0),
        _Total("not done yet", f"{summary.n_missing:,}", is_bad=summary.n_missing > 0),
        _Total("flagged", f"{summary.n_flagged:,}", is_bad=summary.n_flagged > 0),
        _Total("of sound", f"{hours}:{seconds // 60:02d}:{seconds % 60:02d}"),
    ]


def _groups(run: RunStudy, summary: RunSummary, limits: PageLimits) -> list[dict[str, Any]]:
    worst, bytes_left = _takes(run, summary.worst_ids[: limits.n_worst], limits.sound_bytes)
    told = {take["id"] for take in worst}
    others = [row_id for row_id in summary.ordinary_ids if row_id not in told]
    ordinary, _ = _takes(run, others[: limits.n_ordinary], bytes_left)
    groups = [
        {
            "anchor": "worst",
            "title": "Worst takes",
            "explanation": "Flagged takes and those whose measures lie far off, the strangest first.",
            "takes": worst,
        },
        {
            "anchor": "ordinary",
            "title": "Ordinary takes",
            "explanation": "Drawn at random, to know what the rest sounds like.",
            "takes": ordinary,
        },
    ]
    return [group for group in groups if group["takes"]]


def _takes(run: RunStudy, ids: Sequence[str], bytes_left: int) -> tuple[list[dict[str, Any]], int]:
    """What is shown of some takes, and how many bytes of sound may still be spent after them."""
    shown: ShownTakes = run.show(ids)
    takes = []
    for row in shown.rows:
        sound: TakeSound | None = shown.sounds.get(row["id"])
        source = sound.player_source(longest_s=_LONGEST_PLAYED_S) if sound else ""
        source = source if len(source) <= bytes_left else ""
        bytes_left -= len(source)
        takes.append(
            {
                "id": row["id"],
                "name": " · ".join(filter(None, (row["id"], row.get("voice")))),
                "length": f"{sound.duration_s:.1f} s" if sound else "",
                "picture": sound.picture() if sound else "",
                "source": source,
                "language": row.get("lang") or "",
                "text": row.get("text_norm") or "",
                "flags": row.get("flags") or (),
                "measures": told_measures(row),
            }
        )
    return takes, bytes_left


def _voices(summary: RunSummary) -> dict[str, Any]:
    measures = [measure for measure in MEASURES if measure.column in summary.histograms]
    n_left = len(summary.voices) - _MOST_VOICES
    caption = "Medians of every voice's takes" + (f"; {n_left} voices more are left out." if n_left > 0 else ".")
    headings = ["voice", "spoken", "failed", "flagged", "minutes", *(measure.axis for measure in measures)]

    def line(voice: VoiceSummary) -> list[str]:
        medians = [
            f"{voice.histograms[m.column].quantile(0.5):.{m.n_decimals}f}" if m.column in voice.histograms else "–"
            for m in measures
        ]
        counts = (voice.n_ok, voice.n_failed, voice.n_flagged)
        return [voice.voice or "(none)", *(f"{n:,}" for n in counts), f"{voice.sound_s / 60:.1f}", *medians]

    return {
        "voices": [line(voice) for voice in summary.voices[:_MOST_VOICES]],
        "voices_caption": caption,
        "voice_headings": headings,
    }


def _model(run: RunStudy) -> str:
    ids = run.summary.ordinary_ids[:1]
    rows = run.takes.rows(ids, ["model"]).to_pylist()
    return f"Model {rows[0]['model']}" if rows else "Nothing was spoken yet"


def _n(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"
