"""`hierbatch corpus`: create a synthetic corpus from texts and voices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import options
from hierbatch.cli.composed import command
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.engine.execution import Execution
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.corpus import CorpusSettings
from hierbatch.jobs.options.quality import CorpusQuality
from hierbatch.jobs.options.speech import CorpusTextSettings
from hierbatch.jobs.options.voices import VoiceTable
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import local_path

if TYPE_CHECKING:
    from hierbatch.jobs.corpora.corpus import CorpusResult

_Texts = Annotated[
    list[Path], typer.Argument(parser=local_path, help="Tables with a text column, books, or folders of both.")
]


@command
def corpus(
    texts: _Texts,
    out: options.LocalRunOut,
    *,
    settings: CorpusSettings,
    voices: VoiceTable,
    reading: CorpusTextSettings,
    model: ModelChoice,
    execution: Execution,
    quality: CorpusQuality,
    control: RunControl,
) -> None:
    """Create a synthetic corpus: assign texts to voices, synthesize, filter, split.

    Flagged takes are retaken. The same command resumes a stopped run; write the
    data set with `hierbatch export`.

    Example: hierbatch corpus texts.csv --voices voices.csv --hours 5 --out corpus
    """
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.corpora.corpus import CorpusJob
    from hierbatch.jobs.corpora.corpus import corpus as corpus_job

    job = CorpusJob(
        texts=tuple(texts),
        out=out,
        settings=settings,
        voices=voices,
        reading=reading,
        model=model,
        execution=execution,
        quality=quality,
        control=control,
    )
    print_model_license_warnings(model.model)
    with ProgressLine() as line:
        result = corpus_job(job, line.listener())
    raise typer.Exit(_print_result(result, out))


def _print_result(result: CorpusResult, out: Path) -> int:
    """Print the result. Returns the exit code."""
    from hierbatch.cli.outcome import exit_code, print_outcome
    from hierbatch.engine.progress import format_duration

    print_outcome(result.outcome)
    for split, n_rows in sorted(result.kept.items(), key=lambda item: -item[1]):
        print(f"  {split}: {n_rows} rows, {format_duration(result.kept_s[split])}")
    for rule, n_rows in result.rejected.items():
        print(f"  rejected, {rule}: {n_rows}")
    if result.kept:
        print(f"{result.rows_file}: all rows and the rules that rejected them")
        print(f"To export: hierbatch export {out} --to hf --out DIR")
    return exit_code(result.outcome)
