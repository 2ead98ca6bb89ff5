"""`hierbatch corpus`: create a synthetic corpus from texts and voices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import options
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.object_path import local_path

if TYPE_CHECKING:
    from hierbatch.jobs.corpus import CorpusJob, CorpusResult
    from hierbatch.jobs.corpus_pairs import Spread

_Split = Annotated[
    str,
    typer.Option(help="Shares of speaker-disjoint splits; none keeps one split.", rich_help_panel=options.CORPUS_PANEL),
]
_Filter = Annotated[
    Path | None,
    typer.Option(
        "--filter",
        parser=local_path,
        help="TOML rules on columns. Default: reject flagged takes.",
        rich_help_panel=options.CORPUS_PANEL,
    ),
]
_MeasureNames = Annotated[
    str,
    typer.Option(
        help="semantic, speaker, semantic,speaker or none; auto takes all installed.",
        rich_help_panel=options.CORPUS_PANEL,
    ),
]
_Recogniser = Annotated[
    Path | None,
    typer.Option(
        parser=local_path,
        help="Folder of a Whisper model (transformers or CTranslate2) that checks the words.",
        rich_help_panel=options.CORPUS_PANEL,
    ),
]
_Texts = Annotated[
    list[Path], typer.Argument(parser=local_path, help="Tables with a text column, books, or folders of both.")
]
_Length = Annotated[
    str,
    typer.Option(
        help="Minimum and maximum expected sentence duration, in seconds.", rich_help_panel=options.CORPUS_PANEL
    ),
]


def corpus(
    texts: _Texts,
    out: Annotated[Path, typer.Option(parser=local_path, help="Run folder: created, or resumed if it exists.")],
    hours: Annotated[
        float,
        typer.Option(
            help="Total duration in hours, balanced over languages and speakers.", rich_help_panel=options.CORPUS_PANEL
        ),
    ],
    voices: Annotated[
        Path,
        typer.Option(
            parser=local_path, help="Table of voices (.parquet, .csv, .jsonl).", rich_help_panel=options.VOICE_PANEL
        ),
    ],
    speakers: Annotated[
        int | None,
        typer.Option(
            help="Number of speakers to sample from the table. Default: all.", rich_help_panel=options.VOICE_PANEL
        ),
    ] = None,
    cross_lingual: Annotated[
        bool,
        typer.Option(
            "--cross-lingual",
            help="Let voices speak languages other than that of their prompt.",
            rich_help_panel=options.VOICE_PANEL,
        ),
    ] = False,
    language: Annotated[
        str,
        typer.Option(help="en or ko for all rows; auto detects each sentence.", rich_help_panel=options.SOUND_PANEL),
    ] = "auto",
    text_license: Annotated[
        str | None,
        typer.Option(help="License of texts without one in their table.", rich_help_panel=options.CORPUS_PANEL),
    ] = None,
    speed: Annotated[
        str, typer.Option(help="Range of the factor on the speaking rate.", rich_help_panel=options.SOUND_PANEL)
    ] = "0.9,1.12",
    pitch_semitones: Annotated[
        str, typer.Option(help="Range of the transposition, in semitones.", rich_help_panel=options.SOUND_PANEL)
    ] = "-1.5,1.5",
    prosody: Annotated[
        str, typer.Option(help="Range of the factor on the pitch variation.", rich_help_panel=options.SOUND_PANEL)
    ] = "0.8,1.25",
    duration_s: _Length = "1,15",
    split: _Split = "train=0.9,dev=0.05,test=0.05",
    filter_: _Filter = None,
    measures: _MeasureNames = "auto",
    asr_model: _Recogniser = None,
    max_retakes: options.MaxRetakes = 1,
    allow_unknown_consent: options.AllowUnknownConsent = False,
    seed: options.Seed = 0,
    model: options.Model = "lite",
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    engine: options.Engine = "ray",
    workers: options.Workers = 0,
    update: options.Update = False,
    model_factory: options.ModelFactory = options.FACTORY,
) -> None:
    """Create a synthetic corpus: assign texts to voices, synthesize, filter, split.

    Flagged takes are retaken. The same command resumes a stopped run; write the
    data set with `hierbatch export`.
    """
    from hierbatch.jobs.corpus import CorpusJob
    from hierbatch.manifest.splits import parse_split

    shortest_s, longest_s = _read_range(duration_s, "--duration-s")
    job = CorpusJob(
        texts=tuple(texts),
        voices=options.voice_choice(None, voices, None, "self", allow_unknown_consent),
        hours=hours,
        out=out,
        language=language,
        text_license=text_license,
        n_speakers=speakers,
        cross_lingual=cross_lingual,
        spread=_read_spread(speed, pitch_semitones, prosody),
        shortest_s=shortest_s,
        longest_s=longest_s,
        split=parse_split(split),
        filter_file=filter_,
        measures=options.measures(measures, asr_model),
        max_retakes=max_retakes,
        seed=seed,
        bundle=model,
        device=options.placement(device, dtype, compile_),
        execution=options.execution(engine, workers),
        update=update,
        model_factory=model_factory,
    )
    print_model_license_warnings(model)
    result = _create(job)
    raise typer.Exit(_print_result(result, out))


def _create(job: CorpusJob) -> CorpusResult:
    """Run the job with a progress line."""
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.corpus import corpus as corpus_job

    line = ProgressLine()
    result = corpus_job(job, line.listener())
    line.end()
    return result


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


def _read_spread(speed: str, pitch: str, prosody: str) -> Spread:
    from hierbatch.jobs.corpus_pairs import Spread

    return Spread(
        speed=_read_range(speed, "--speed"),
        pitch_semitones=_read_range(pitch, "--pitch-semitones"),
        prosody=_read_range(prosody, "--prosody"),
    )


def _read_range(text: str, option: str) -> tuple[float, float]:
    from hierbatch.errors import InputError

    try:
        low, high = (float(number) for number in text.split(","))
    except ValueError:
        raise InputError(
            f"{option} is invalid",
            expected="two numbers, as in 0.9,1.1",
            got=text,
            fix="separate two numbers by a comma",
        ) from None
    return low, high
