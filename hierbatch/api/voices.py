"""Voice functions of the Python API, available as `hierbatch.voices`: list, preview, blend, sample and design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hierbatch.jobs.voices.blend import BlendVoices, find_voices
from hierbatch.jobs.voices.blend import blend as blend_job
from hierbatch.jobs.voices.design import DesignVoices, design_voices
from hierbatch.jobs.voices.listing import ListedVoice, describe_voices, voices_at
from hierbatch.jobs.voices.preview import Previews, PreviewVoices, preview_voices
from hierbatch.jobs.voices.sample import MadeVoice, SampleVoices, sample_voices
from hierbatch.manifest.voices.voice_file import VoiceFile
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import local_path
from hierbatch.option import flatten_options

__all__ = ["blend", "design", "list_voices", "preview", "sample"]


def list_voices(voices: str | Path) -> list[ListedVoice]:
    """Voices of a table, folder or file, with consent, license and measures.

    Raises:
        InputError: there are no voices, or the table is invalid.
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
    """Synthesize one sentence of each language in each voice, and write one file per voice and a montage.

    Args:
        voices: voices table, folder of recordings and voice files, or one such file.
        out: output folder.
        consent: consent of the speakers of recordings that are not in a table.
        texts: sentences by language code, instead of the built-in sentences.
        model: model, device and precision.

    Raises:
        InputError: a consent is unknown, or no voice can be used.
        BundleError: the model cannot be loaded, or is of another kind.
        StorageError: the disk is full.
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
    """Blend voices by weight, and write and return the voice file.

    Args:
        voices: weight of each voice; a key is a recording, a voice file, or a name in `table`.
        out: voice file to write, `.safetensors`.
        consent: consent of the speakers of the recordings among the voices.
        table: voices table or folder in which names are looked up.
        model: model, device and precision.

    Raises:
        InputError: there are fewer than two voices, a weight is not positive, or a consent is unknown.
        PromptError: a voice cannot be used.
        BundleError: the model cannot be loaded, or is of another kind.
        StorageError: the disk is full.
    """
    rows = find_voices(list(map(str, voices)), consent or "unknown", local_path(table) if table else None)
    parts = tuple(zip(rows, voices.values(), strict=True))
    return blend_job(BlendVoices(voices=parts, out=local_path(out), model=model))


@flatten_options
def sample(
    n: int = 1, *, out: str | Path, seed: int = 0, name: str = "sampled", model: ModelChoice
) -> Sequence[MadeVoice]:
    """Sample voices of no real person from the model's voice distribution; a seed always results in the same voices.

    Args:
        n: number of voices.
        out: folder of the voice files.
        seed: seed of the sampling; another seed results in other voices.
        name: prefix of the voice names.
        model: model, device and precision.

    Raises:
        InputError: the number is out of range.
        BundleError: the model cannot be loaded, or has no distribution of voices.
        StorageError: the disk is full.
    """
    return list(sample_voices(SampleVoices(out=local_path(out), n_voices=n, seed=seed, name=name, model=model)))


@flatten_options
def design(
    description: str, n: int = 1, *, out: str | Path, seed: int = 0, name: str = "designed", model: ModelChoice
) -> Sequence[MadeVoice]:
    """Design voices of no real person from a description in English or Korean.

    Args:
        description: a text such as "a calm low male voice, slow, little emphasis".
        n: number of voices.
        out: folder of the voice files.
        seed: seed of the sampling; another seed results in other voices.
        name: prefix of the voice names.
        model: model, device and precision.

    Raises:
        InputError: the description names no attribute, or the number is out of range.
        BundleError: the model cannot be loaded, or has no distribution of voices.
        SynthesisError: no candidate can be used.
        StorageError: the disk is full.
    """
    job = DesignVoices(description=description, out=local_path(out), n_voices=n, seed=seed, name=name, model=model)
    return list(design_voices(job))
