"""Blend voices by weight into a voice file that contains the consents and licenses of all these voices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.errors import InputError
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.voices import list_voices
from hierbatch.jobs.voices.voice_model import VoiceModel
from hierbatch.manifest.voices.voice_file import VOICE_FILE_SUFFIX, VoiceFile, VoiceSource, content_sha256
from hierbatch.manifest.voices.voices import CONSENTS, VoiceRow, check_consent, voice_from_file
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.lite.voice_blend import blend_voices, normalize_weights

_STRICTEST_FIRST = ("unknown", "licensed", "self", "public_domain", "synthetic")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlendVoices:
    """Voices to blend with their weights, and the voice file to write."""

    voices: tuple[tuple[VoiceRow, float], ...]
    out: Path
    allow_unknown_consent: bool = False
    model: ModelChoice = field(default_factory=ModelChoice)


def blend(job: BlendVoices) -> VoiceFile:
    """Blend voices, and write and return the voice file.

    Raises:
        InputError: there are fewer than two voices, a weight is not positive, a consent is unknown, or the suffix of
            the output file is wrong.
        PromptError: a voice cannot be used.
        BundleError: the model cannot be loaded, or is not a Lite model.
        StorageError: the disk is full.
    """
    check_suffix(job.out)
    if len(job.voices) < 2:
        raise InputError("A blend needs two voices or more", got=str(len(job.voices)), fix="add a voice")
    rows = [row for row, _ in job.voices]
    check_consent(rows, allow_unknown=job.allow_unknown_consent)
    weights = normalize_weights([weight for _, weight in job.voices])
    model = VoiceModel(job.model)
    blended = blend_voices([model.encode(row) for row in rows], weights)
    described = describe_blend(rows, weights, job.out.stem)
    file = model.voice_file(blended, described)
    file.save(job.out)
    return file


def describe_blend(rows: Sequence[VoiceRow], weights: Sequence[float], name: str) -> VoiceFile:
    """Voice file of a blend without its arrays: weights, consents and licenses of all blended voices.

    Args:
        rows: blended voices.
        weights: share of each voice, summing to 1.
        name: name of the blend.
    """
    sources = tuple(
        VoiceSource(
            voice=row.voice,
            weight=weight,
            consent=row.consent,
            consent_ref=row.consent_ref,
            license=row.license,
            sha256=content_sha256(row.read_prompt()),
        )
        for row, weight in zip(rows, weights, strict=True)
    )
    references = [f"{row.voice}: {row.consent_ref}" for row in rows if row.consent_ref]
    return VoiceFile(
        voice=name,
        origin="blend",
        model_kind="",
        model_sha256="",
        consent=strictest_consent(row.consent for row in rows),
        consent_ref="; ".join(dict.fromkeys(references)) or None,
        license=" AND ".join(dict.fromkeys(row.license for row in rows if row.license)) or None,
        language=rows[0].language if len({row.language for row in rows}) == 1 else None,
        description="blend of " + ", ".join(f"{source.voice} {source.weight:.3g}" for source in sources),
        synthetic=all(row.consent == "synthetic" for row in rows),
        sources=sources,
        numbers={},
        arrays={},
        reference_flac=b"",
    )


def find_voices(names: Sequence[str], consent: str, table: Path | None) -> list[VoiceRow]:
    """Find voices by name in a table, or by the path of a recording or voice file.

    Args:
        names: names or paths.
        consent: consent of the speakers of recordings.
        table: voices table or folder in which names are looked up, if any.

    Raises:
        InputError: a name is neither in the table nor a file.
        PromptError: a voice file is damaged.
    """
    by_name = {row.voice: row for row in list_voices(VoiceChoice(voices=table, consent=consent))} if table else {}
    rows = []
    for name in names:
        if name not in by_name and not Path(name).is_file():
            raise InputError(
                "There is no such voice",
                expected=", ".join(by_name) or "a file",
                got=name,
                fix="correct the name, or pass the table of the voices with --voices",
            )
        rows.append(by_name[name] if name in by_name else voice_from_file(Path(name), consent))
    return rows


def strictest_consent(consents: Iterable[str]) -> str:
    """Strictest of several consents, for a blend; `synthetic` only if all blended voices are synthetic."""
    found = set(consents)
    assert found <= set(CONSENTS)
    return next(consent for consent in _STRICTEST_FIRST if consent in found)


def check_suffix(path: Path) -> None:
    """Raise InputError if the path does not have the suffix by which commands recognize voice files."""
    if path.suffix.lower() != VOICE_FILE_SUFFIX:
        raise InputError(
            "The voice file has the wrong suffix", expected=VOICE_FILE_SUFFIX, got=path.name, fix="change --out"
        )
