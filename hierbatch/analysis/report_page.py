"""Report of a run as one self-contained HTML page: totals, plots, the worst takes with players, and all voices.

The size of the page is bounded for runs of any length by limits on players, bytes of audio and table rows.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from hierbatch.analysis.figures import pictures_of
from hierbatch.analysis.listening import TakeGallery, TakeSound, listed_measures
from hierbatch.analysis.similarity import SimilarityMatrix
from hierbatch.analysis.spectrogram_thumbnail import highest_khz
from hierbatch.analysis.study import RunStudy
from hierbatch.analysis.summary import RunSummary, VoiceSummary
from hierbatch.programs import require_package

_MAX_VOICES = 200
_MAX_PLAYED_S, _MAX_PROMPT_S = 20.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLimits:
    """Limits on the content of a page."""

    n_worst: int = 24
    n_ordinary: int = 6
    sound_bytes: int = 6_000_000
    """Total size of all players; takes beyond this are listed without a player."""


@dataclass(frozen=True, slots=True)
class _Total:
    name: str
    value: str
    is_bad: bool = False


def report_page(
    run: RunStudy, written_at: datetime, matrix: SimilarityMatrix | None = None, limits: PageLimits | None = None
) -> str:
    """Render the report of a run.

    Args:
        run: the run.
        written_at: time printed on the page.
        matrix: similarity of voices and prompts, or None.
        limits: limits on the content; the defaults if None.

    Raises:
        ProgramError: Matplotlib or Jinja2 is not installed.
        RunError: a file of the run is damaged.
    """
    limits = limits or PageLimits()
    summary = run.summary
    jinja2 = require_package("jinja2", extra="study")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["quote"] = shlex.quote
    template = environment.from_string((files("hierbatch.analysis") / "report.html").read_text(encoding="utf-8"))
    groups = _groups(run, summary, limits)
    facts = {
        "name": _run_name(run.folder.resolve()),
        "version": version("hierbatch"),
        "written_at": f"{written_at:%Y-%m-%d %H:%M %Z}".strip(),
        "model": _model_line(run),
        "n_voices": _count(len(summary.voices), "voice"),
        "languages": "".join(f", {_count(n, 'row')} in {name}" for name, n in summary.languages.items()),
        "totals": _totals(summary),
        "failures": summary.failures,
        "retry": f"hierbatch retry {shlex.quote(str(run.folder))} --kind",
        "flags": [
            {"name": name, "n_takes": f"{n:,}", "share": f"{n / summary.n_ok:.1%}"} for name, n in summary.flags.items()
        ],
        "pictures": pictures_of(summary, matrix),
        "groups": groups,
        **_voices(summary),
    }
    return str(template.render(facts, sections=_sections(facts)))


def _sections(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Anchor and title of each section that has content."""
    titles = {"failures": "Failures by reason", "flags": "Flags", "pictures": "Plots"}
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
        _Total("duration", f"{hours}:{seconds // 60:02d}:{seconds % 60:02d}"),
    ]


def _groups(run: RunStudy, summary: RunSummary, limits: PageLimits) -> list[dict[str, Any]]:
    """Template values of two groups of takes, the worst and the ordinary ones, with their players."""
    worst, bytes_left = _takes(run, summary.worst_ids[: limits.n_worst], limits.sound_bytes)
    listed = {take["id"] for take in worst}
    others = [row_id for row_id in summary.ordinary_ids if row_id not in listed]
    ordinary, _ = _takes(run, others[: limits.n_ordinary], bytes_left)
    groups = [
        {
            "anchor": "worst",
            "title": "Worst takes",
            "explanation": "Flagged takes and outliers by their measures, the most suspicious first.",
            "takes": worst,
        },
        {
            "anchor": "ordinary",
            "title": "Ordinary takes",
            "explanation": "A random sample of the run, for comparison.",
            "takes": ordinary,
        },
    ]
    return [group for group in groups if group["takes"]]


def _takes(run: RunStudy, ids: Sequence[str], bytes_left: int) -> tuple[list[dict[str, Any]], int]:
    """Template values of takes, and the rest of the audio budget `bytes_left` after their players."""
    gallery: TakeGallery = run.show(ids)
    prompts = run.prompts({row["voice"] for row in gallery.rows if row.get("voice")})
    takes = []
    for row in gallery.rows:
        sound: TakeSound | None = gallery.sounds.get(row["id"])
        source = sound.player_source(max_duration_s=_MAX_PLAYED_S) if sound else ""
        source = source if len(source) <= bytes_left else ""
        bytes_left -= len(source)
        prompt = prompts.get(row.get("voice") or "")
        prompt_source = prompt.player_source(max_duration_s=_MAX_PROMPT_S) if prompt and source else ""
        prompt_source = prompt_source if len(prompt_source) <= bytes_left else ""
        bytes_left -= len(prompt_source)
        takes.append(
            {
                "id": row["id"],
                "name": " · ".join(filter(None, (row["id"], row.get("voice")))),
                "length": f"{sound.duration_s:.1f} s" if sound else "",
                "picture": sound.picture() if sound else "",
                "top_khz": f"{highest_khz(sound.rate_hz):g}" if sound else "",
                "half_khz": f"{highest_khz(sound.rate_hz) / 2:g}" if sound else "",
                "times_s": [f"{sound.duration_s * part / 4:.1f}" for part in range(5)] if sound else (),
                "source": source,
                "prompt": prompt_source,
                "voice": row.get("voice") or "",
                "language": row.get("language") or "",
                "text": row.get("text") or row.get("text_norm") or "",
                "flags": row.get("flags") or (),
                "measures": listed_measures(row, gallery.measures),
                "command": shlex.join(["hierbatch", "respeak", str(run.folder), row["id"], "--takes", "3"]),
            }
        )
    return takes, bytes_left


def _voices(summary: RunSummary) -> dict[str, Any]:
    measures = [measure for column, measure in summary.measures.items() if column in summary.histograms]
    n_left = len(summary.voices) - _MAX_VOICES
    caption = "Median of each measure per voice" + (f"; {n_left} more voices are not listed." if n_left > 0 else ".")
    headings = ["voice", "spoken", "failed", "flagged", "minutes", *(measure.axis for measure in measures)]

    def line(voice: VoiceSummary) -> list[str]:
        medians = [
            f"{voice.histograms[m.column].quantile(0.5):.{m.n_decimals}f}" if m.column in voice.histograms else "–"
            for m in measures
        ]
        counts = (voice.n_ok, voice.n_failed, voice.n_flagged)
        return [voice.voice or "(none)", *(f"{n:,}" for n in counts), f"{voice.sound_s / 60:.1f}", *medians]

    return {
        "voices": [line(voice) for voice in summary.voices[:_MAX_VOICES]],
        "voices_caption": caption,
        "voice_headings": headings,
    }


def _model_line(run: RunStudy) -> str:
    ids = run.summary.ordinary_ids[:1]
    rows = run.takes.rows(ids, ["model"]).to_pylist()
    return f"Model {rows[0]['model']}" if rows else "No takes yet"


def _run_name(folder: Path) -> str:
    """Name of a run folder; for a folder `run`, the name of the project folder that contains it."""
    return folder.parent.name if folder.name == "run" and folder.parent.name else folder.name


def _count(count: int, name: str) -> str:
    """A count and its noun, in the plural unless the count is 1."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"
