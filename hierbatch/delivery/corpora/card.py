"""Dataset card: duration, speakers, languages, consent, and the synthetic-speech notice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from huggingface_hub import DatasetCardData

from hierbatch.delivery.corpora.utterances import MEASURES, CorpusUtterance
from hierbatch.names import name_key

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LICENSE_IDS = {
    "cc by 4.0": "cc-by-4.0",
    "cc by-sa 4.0": "cc-by-sa-4.0",
    "cc by-nc 4.0": "cc-by-nc-4.0",
    "cc0": "cc0-1.0",
    "cc0 1.0": "cc0-1.0",
    "mit": "mit",
    "apache-2.0": "apache-2.0",
}
"""Hugging Face license identifiers by the usual names of licenses, in lower case."""

_UNSTATED = "not stated"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")


def _sums() -> defaultdict[str, float]:
    return defaultdict(float)


@dataclass(slots=True)
class CorpusSummary:
    """Running totals of an export; memory grows with the numbers of voices and speakers, not of rows."""

    n_rows: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=_sums)
    speakers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Keys of the speakers' names in each split, from `name_key`."""
    prompts: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Hashes of the voice prompts in each split."""
    languages_s: defaultdict[str, float] = field(default_factory=_sums)
    language_rows: Counter[str] = field(default_factory=Counter)
    voices: dict[str, CorpusUtterance] = field(default_factory=dict)
    voices_s: defaultdict[str, float] = field(default_factory=_sums)
    text_licenses: Counter[str] = field(default_factory=Counter)
    generators: Counter[str] = field(default_factory=Counter)
    rates_hz: Counter[int] = field(default_factory=Counter)
    measure_counts: Counter[str] = field(default_factory=Counter)
    measure_sums: defaultdict[str, float] = field(default_factory=_sums)

    def add(self, utterance: CorpusUtterance) -> None:
        """Count one exported utterance."""
        self.n_rows[utterance.split] += 1
        self.seconds[utterance.split] += utterance.duration_s
        self.speakers[utterance.split].add(name_key(utterance.speaker))
        if utterance.voice_sha256:
            self.prompts[utterance.split].add(utterance.voice_sha256)
        self.languages_s[utterance.language] += utterance.duration_s
        self.language_rows[utterance.language] += 1
        if utterance.voice not in self.voices:
            self.voices[utterance.voice] = _without_audio(utterance)
        self.voices_s[utterance.voice] += utterance.duration_s
        self.text_licenses[utterance.text_license or _UNSTATED] += 1
        self.generators[f"{utterance.model} with hierbatch {utterance.hierbatch_version}"] += 1
        self.rates_hz[utterance.sample_rate_hz] += 1
        for name, value in utterance.measures.items():
            if value is not None:
                self.measure_counts[name] += 1
                self.measure_sums[name] += value

    @property
    def total_s(self) -> float:
        """Duration of all splits in seconds."""
        return sum(self.seconds.values())

    @property
    def n_speakers(self) -> int:
        """Number of different speakers in all splits."""
        return len(set().union(*self.speakers.values()))


def corpus_card(
    summary: CorpusSummary, name: str, rejected: Mapping[str, int], *, layout: str, for_hugging_face: bool
) -> str:
    """Format the dataset card in Markdown.

    Args:
        summary: totals of the export.
        name: title of the corpus.
        rejected: number of rejected rows by rule.
        layout: description of the files, in Markdown.
        for_hugging_face: True to prepend the YAML header, which also maps files to splits.
    """
    name = _plain(name)
    licenses = sorted({_plain(row.license or _UNSTATED) for row in summary.voices.values()})
    sections = [
        *([_yaml_header(summary, name, licenses)] if for_hugging_face else []),
        f"# {name}\n",
        "**All speech in this corpus is synthetic, generated in voices taken from short recordings of the people named "
        "below.** Anyone who redistributes it must pass on this notice and the consent terms of the voices.\n",
        _overview(summary),
        "## Splits\n",
        _table(
            ("split", "rows", "hours", "speakers"),
            (
                (split, n_rows, _hours(summary.seconds[split]), len(summary.speakers[split]))
                for split, n_rows in summary.n_rows.most_common()
            ),
        ),
        "No speaker is in two splits.\n" if _is_disjoint(summary) else "",
        "## Voices, consent and licenses\n",
        _table(
            ("voice", "speaker", "hours", "consent", "reference", "license of the recording"),
            (
                (name, row.speaker, _hours(summary.voices_s[name]), row.consent, row.consent_ref, row.license)
                for name, row in sorted(summary.voices.items())
            ),
        ),
        "Licenses of the texts: "
        + ", ".join(f"{_plain(each)} ({n} rows)" for each, n in summary.text_licenses.items())
        + ".\n",
        _quality(summary),
        _rejections(rejected),
        "## Files\n",
        layout,
    ]
    return "\n".join(section for section in sections if section)


def _yaml_header(summary: CorpusSummary, name: str, licenses: list[str]) -> str:
    ids = {_LICENSE_IDS.get(each.lower(), "other") for each in licenses}
    license_id = ids.pop() if len(ids) == 1 else "other"
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split, _ in summary.n_rows.most_common()]
    n_rows = sum(summary.n_rows.values())
    size = next((label for limit, label in _SIZES if n_rows < limit), "n>1M")
    header = DatasetCardData(
        pretty_name=name,
        language=sorted(language for language in summary.languages_s if language),
        license=license_id,
        license_name=", ".join(licenses) if license_id == "other" else None,
        task_categories=["text-to-speech", "automatic-speech-recognition"],
        size_categories=[size],
        tags=["synthetic", "speech", "hierbatch"],
        configs=[{"config_name": "default", "data_files": files}],
    )
    return f"---\n{header.to_yaml()}\n---\n"


def _overview(summary: CorpusSummary) -> str:
    languages = ", ".join(f"{language} {_hours(s)} h" for language, s in sorted(summary.languages_s.items()))
    rates = ", ".join(f"{rate} Hz" for rate in sorted(summary.rates_hz))
    consents = ", ".join(sorted({row.consent for row in summary.voices.values()}))
    facts = (
        ("hours", f"{_hours(summary.total_s)} in {sum(summary.n_rows.values())} rows"),
        ("languages", languages),
        ("speakers", f"{summary.n_speakers} in {len(summary.voices)} voices"),
        ("audio", f"mono, {rates}, 16 bit"),
        ("synthetic", "yes, all of it"),
        ("consent of the voices", consents),
        ("generated by", "; ".join(summary.generators)),
    )
    return _table(("", ""), facts)


def _quality(summary: CorpusSummary) -> str:
    rows = [
        (f"`{name}`", f"{summary.measure_sums[name] / summary.measure_counts[name]:.3g}", summary.measure_counts[name])
        for name in (*MEASURES, *(name for name in summary.measure_counts if name not in MEASURES))
        if summary.measure_counts[name]
    ]
    return "## Measures\n\nMeans over the rows that have a value; every row contains its own values.\n\n" + _table(
        ("measure", "mean", "rows"), rows
    )


def _rejections(rejected: Mapping[str, int]) -> str:
    if not rejected:
        return ""
    return (
        "## Left out\n\nRows that failed or were rejected by a rule; `rejected.jsonl` lists them, without audio.\n\n"
        + _table(("rule", "rows"), rejected.items())
    )


def _is_disjoint(summary: CorpusSummary) -> bool:
    """True if there are several splits and no speaker, in any spelling, and no voice prompt is in two of them."""
    sides = (summary.speakers, summary.prompts)
    return len(summary.speakers) > 1 and all(
        sum(map(len, side.values())) == len(set().union(*side.values())) for side in sides
    )


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.2f}" if seconds >= 360 else f"{seconds / 3600:.4f}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines) + "\n"


def _cell(value: Any) -> str:
    return "-" if value is None else _plain(str(value)).replace("|", "\\|")


def _plain(text: str) -> str:
    """Remove control characters, which would break the header or a table, from a user's text."""
    return _CONTROL.sub(" ", text).strip()


def _without_audio(utterance: CorpusUtterance) -> CorpusUtterance:
    return replace(utterance, flac=b"", words=())
