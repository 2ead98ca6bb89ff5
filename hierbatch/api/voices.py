"""Voices by the Python API, as `hierbatch.voices`: list, preview, blend, sample and design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hierbatch.jobs.voices.blend import BlendVoices, find_voices
from hierbatch.jobs.voices.blend import blend as blend_job
from hierbatch.jobs.voices.design import DesignVoices, design_voices
from hierbatch.jobs.voices.listing import ListedVoice, describe_voices, voices_at
from hierbatch.jobs.voices.preview import Previews, PreviewVoices, preview_voices
from hierbatch.jobs.voices.sample import MadeVoice, SampleVoices, sample_voices
from hierbatch.manifest.voice_file import VoiceFile
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import local_path
from hierbatch.option import flatten_options

__all__ = ["blend", "design", "list_voices", "preview", "sample"]


def list_voices(voices: str | Path) -> list[ListedVoice]:
    """Voices of a table, folder or file, with consent, license and measures.

    Raises:
        InputError: there are none, or the table is invalid.
    """
    return list(describe_voices(voices_at(local_path(voices))))


@flatten_options
def preview(
    voices: str | Path,
    *,
    out: str | Path,
    consent: str = "unknown",
    texts: Mapping[str, str] | None = None,
    model: ModelChoice,
) -> Previews:
    """Speak one sentence of each language in each voice, to one file per voice and a montage.

    Args:
        voices: a table, folder or file.
        out: folder of the files.
        consent: consent of recordings without a table.
        texts: sentences by language, in place of the built-in ones.
        model: the model.

    Raises:
        InputError: a consent is unknown, or no voice can be used.
        BundleError: the model cannot be loaded, or is of another kind.
    """
    rows = voices_at(local_path(voices), consent)
    return preview_voices(PreviewVoices(voices=rows, out=local_path(out), texts=texts or {}, model=model))


@flatten_options
def blend(
    voices: Mapping[str | Path, float],
    *,
    out: str | Path,
    consent: str = "",
    table: str | Path | None = None,
    model: ModelChoice,
) -> VoiceFile:
    """Blend voices by weight, and write the voice file.

    Args:
        voices: weight by recording, voice file, or name in `table`.
        out: voice file to write, `.safetensors`.
        consent: consent of the recordings among the voices.
        table: voices table or folder for names.
        model: the model.

    Raises:
        InputError: fewer than two voices, a weight is not positive, or a consent is unknown.
        PromptError: a voice cannot be used.
        BundleError: the model cannot be loaded, or is of another kind.
    """
    rows = find_voices(list(map(str, voices)), consent or "unknown", local_path(table) if table else None)
    parts = tuple(zip(rows, voices.values(), strict=True))
    return blend_job(BlendVoices(voices=parts, out=local_path(out), model=model))


@flatten_options
def sample(
    n: int = 1, *, out: str | Path, seed: int = 0, name: str = "sampled", model: ModelChoice
) -> Sequence[MadeVoice]:
    """Sample voices that belong to nobody; a seed gives the same voices.

    Args:
        n: number of voices.
        out: folder of the voice files.
        seed: another seed gives other voices.
        name: beginning of the names.
        model: the model.

    Raises:
        InputError: the number is out of range.
        BundleError: the model cannot be loaded, or has no distribution of voices.
    """
    return list(sample_voices(SampleVoices(out=local_path(out), n_voices=n, seed=seed, name=name, model=model)))


@flatten_options
def design(
    description: str, n: int = 1, *, out: str | Path, seed: int = 0, name: str = "designed", model: ModelChoice
) -> Sequence[MadeVoice]:
    """Design voices that belong to nobody from a description in English or Korean.

    Args:
        description: such as "a calm low male voice, slow, little emphasis".
        n: number of voices.
        out: folder of the voice files.
        seed: another seed gives other voices.
        name: beginning of the names.
        model: the model.

    Raises:
        InputError: the description names no attribute, or the number is out of range.
        BundleError: the model cannot be loaded, or has no distribution of voices.
    """
    job = DesignVoices(description=description, out=local_path(out), n_voices=n, seed=seed, name=name, model=model)
    return list(design_voices(job))
