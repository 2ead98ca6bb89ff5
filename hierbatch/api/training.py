"""Speech data and fine-tuning in the Python API, as in `hierbatch intake`, `prepare` and `finetune`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hierbatch.api.messages import OnMessage
from hierbatch.jobs.corpora.intake import IntakeJob, IntakeResult
from hierbatch.jobs.corpora.intake import intake as intake_job
from hierbatch.jobs.options.data import DataLayout, FeatureChoice
from hierbatch.jobs.options.finetune import FinetuneSettings
from hierbatch.jobs.options.intake import RowSettings
from hierbatch.jobs.training.finetune import FinetuneJob, FinetuneResult
from hierbatch.jobs.training.finetune import finetune as finetune_job
from hierbatch.jobs.training.prepare import PrepareJob, PrepareResult
from hierbatch.jobs.training.prepare import prepare as prepare_job
from hierbatch.object_path import local_path
from hierbatch.option import flatten_options
from hierbatch.training.row_limits import RowLimits

Recordings = str | Path | Sequence[str | Path]


@flatten_options
def intake(
    recordings: Recordings,
    *,
    out: str | Path,
    on_message: OnMessage | None = None,
    layout: DataLayout,
    rows: RowSettings,
) -> IntakeResult:
    """Divide long recordings into rows, and compute quality measures of each row. The same call resumes a stopped job.

    Args:
        recordings: folders or tables of recordings.
        out: output folder; its file `rows.parquet` contains the rows.
        on_message: function that receives notices, such as `print`.
        layout: layout of the recordings.
        rows: lengths, speakers, transcripts and rules.

    Raises:
        InputError: a data set, option or rule is invalid, or the output folder was created with other settings.
        ProgramError: a package of the recognizer is missing.
        StorageError: the disk is full, read-only or gone.
    """
    job = IntakeJob(recordings=_paths(recordings), out=local_path(out), layout=layout, rows=rows)
    return intake_job(job, on_message or _ignore)


@flatten_options
def prepare(
    data: Recordings,
    *,
    out: str | Path,
    on_message: OnMessage | None = None,
    layout: DataLayout,
    features: FeatureChoice,
    limits: RowLimits,
) -> PrepareResult:
    """Compute training features of recordings. The same call resumes a stopped job, and adds new recordings.

    Args:
        data: folders or tables of recordings.
        out: folder of the prepared set.
        on_message: function that receives notices, such as `print`.
        layout: layout of the recordings.
        features: content features and pitch.
        limits: limits on the duration, quality and transcripts of the recordings.

    Raises:
        InputError: a data set or option is invalid, or the output folder was prepared with other settings.
        BundleError: the feature extractor cannot be loaded.
        StorageError: the disk is full, read-only or gone.
    """
    job = PrepareJob(data=_paths(data), out=local_path(out), layout=layout, features=features, limits=limits)
    return prepare_job(job, on_message or _ignore)


@flatten_options
def finetune(
    recordings: Recordings,
    *,
    out: str | Path,
    consent: str,
    model: str = "lite",
    asr_model: str | Path | None = None,
    on_message: OnMessage | None = None,
    layout: DataLayout,
    settings: FinetuneSettings,
) -> FinetuneResult:
    """Adapt a model to one speaker, without transcripts. The same call resumes a stopped job.

    Args:
        recordings: recordings of one speaker, 5 to 60 minutes in total.
        out: folder of the new model.
        consent: consent of the speaker: `self`, `licensed`, `public_domain` or `synthetic`.
        model: model to start from.
        asr_model: folder of a Whisper model, to compare the error rate before and after.
        on_message: function that receives progress lines, such as `print`.
        layout: layout of the recordings.
        settings: training schedule.

    Raises:
        InputError: there is too little speech, or the consent is missing or unknown.
        BundleError: the model is missing or of another kind.
        StorageError: the disk is full, read-only or gone.
    """
    job = FinetuneJob(
        recordings=_paths(recordings),
        out=local_path(out),
        consent=consent,
        model=model,
        asr_model=None if asr_model is None else local_path(asr_model),
        layout=layout,
        settings=settings,
    )
    return finetune_job(job, on_message or _ignore)


def _paths(recordings: Recordings) -> tuple[Path, ...]:
    return tuple(map(local_path, [recordings] if isinstance(recordings, str | Path) else recordings))


def _ignore(_: str) -> None:
    pass
