"""Corpus functions of the Python API, with the same options as `hierbatch corpus` and `hierbatch export`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hierbatch.api.messages import OnMessage, listener
from hierbatch.engine.execution import Execution
from hierbatch.jobs.corpora.corpus import CorpusJob, CorpusResult
from hierbatch.jobs.corpora.corpus import corpus as corpus_job
from hierbatch.jobs.corpora.export import ExportJob, ExportResult
from hierbatch.jobs.corpora.export import export as export_job
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.corpus import CorpusSettings
from hierbatch.jobs.options.quality import CorpusQuality
from hierbatch.jobs.options.speech import CorpusTextSettings
from hierbatch.jobs.options.voices import VoiceTable
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import local_path
from hierbatch.option import flatten_options


@flatten_options
def corpus(
    texts: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    on_message: OnMessage | None = None,
    settings: CorpusSettings,
    voices: VoiceTable,
    reading: CorpusTextSettings,
    model: ModelChoice,
    execution: Execution,
    quality: CorpusQuality,
    control: RunControl,
) -> CorpusResult:
    """Create a synthetic corpus from texts and voices. The same call resumes a stopped run.

    Args:
        texts: tables with a text column, books, or folders of both.
        out: run folder.
        on_message: function that receives notices, such as `print`.
        settings: total duration, speakers, variation and splits.
        voices: prompts, and the consent to their use.
        reading: language, pronunciations and seed.
        model: model, device and precision.
        execution: engine and workers.
        quality: measures, and retakes of flagged rows.
        control: treatment of an existing folder.

    Raises:
        InputError: a text, voice, rule or option is invalid; nothing was started.
        BundleError: the model cannot be loaded.
        RunError: the folder `out` is in use, or was created from other texts, voices or settings.
        StorageError: the disk is full; finished rows are kept.
    """
    job = CorpusJob(
        texts=tuple(map(local_path, [texts] if isinstance(texts, str | Path) else texts)),
        out=local_path(out),
        settings=settings,
        voices=voices,
        reading=reading,
        model=model,
        execution=execution,
        quality=quality,
        control=control,
    )
    return corpus_job(job, listener(on_message))


def export(run: str | Path, *, to: str, out: str | Path, name: str = "", watermark: bool = False) -> ExportResult:
    """Write the accepted takes of a run as a data set.

    Args:
        run: folder of a finished run.
        to: `hf`, `lhotse`, `webdataset`, `ljspeech` or `nemo`.
        out: folder to create; it must not exist.
        name: title of the data set; if it is empty, the name of the folder `out`.
        watermark: True to put an inaudible watermark into every utterance.

    Raises:
        InputError: the format is unknown, `out` exists, or no row is left to write.
        RunError: the run is not finished, or has changed since it was filtered; or an utterance cannot hold the
            watermark.
        ProgramError: the package of the watermark is missing.
        StorageError: the disk is full; no partial output remains.
    """
    job = ExportJob(run=local_path(run), to=to, out=local_path(out), name=name, watermark=watermark)
    return export_job(job)
