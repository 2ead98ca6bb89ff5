"""`hierbatch corpus`: texts and voices to a synthetic corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import options
from hierbatch.cli.licenses import tell_model_licenses
from hierbatch.object_path import here

if TYPE_CHECKING:
    from hierbatch.jobs.corpus import Corpus, CorpusJob
    from hierbatch.jobs.corpus_pairs import Spread

_Split = Annotated[str, typer.Option(help="Shares of splits that share no speaker; none keeps all in one.")]
_Filter = Annotated[
    Path | None,
    typer.Option("--filter", parser=here, help="TOML rules on columns; without it, flagged takes are rejected."),
]
_MeasureNames = Annotated[
    str, typer.Option(help="semantic, speaker, both by a comma, or none; auto is all that is installed.")
]
_Recogniser = Annotated[
    Path | None,
    typer.Option(parser=here, help="Folder of a Whisper model (transformers or CTranslate2) to check words with."),
]
_Texts = Annotated[
    list[Path], typer.Argument(parser=here, help="Tables with a text column, books, or folders of them.")
]
_Length = Annotated[str, typer.Option(help="Shortest and longest sentence, in expected seconds.")]


def corpus(
    texts: _Texts,
    out: Annotated[Path, typer.Option(parser=here, help="Run folder: made, or gone on with.")],
    hours: Annotated[float, typer.Option(help="Sound to plan for, shared evenly by languages and their speakers.")],
    voices: Annotated[Path, typer.Option(parser=here, help="A table of voices (.parquet .csv .jsonl).")],
    speakers: Annotated[int | None, typer.Option(help="Draw this many speakers from the table.")] = None,
    cross_lingual: Annotated[bool, typer.Option(help="Let voices speak other languages than their prompt's.")] = False,
    lang: Annotated[str, typer.Option(help="auto finds each sentence's language; en or ko set it for all.")] = "auto",
    text_license: Annotated[str | None, typer.Option(help="Licence of texts whose table names none.")] = None,
    speed: Annotated[str, typer.Option(help="From where to where the speaking rate is spread.")] = "0.9,1.12",
    pitch: Annotated[str, typer.Option(help="The same for the pitch, in semitones about the prompt's.")] = "-1.5,1.5",
    prosody: Annotated[str, typer.Option(help="The same for how far the melody moves; 1 is the model's.")] = "0.8,1.25",
    length: _Length = "1,15",
    split: _Split = "train=0.9,dev=0.05,test=0.05",
    filter_: _Filter = None,
    measures: _MeasureNames = "auto",
    recogniser: _Recogniser = None,
    retakes: options.Retakes = 1,
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
    """Plan texts x voices, speak them, make bad takes again, filter and split; then see `hierbatch export`."""
    from hierbatch.jobs.corpus import CorpusJob
    from hierbatch.manifest.splits import parse_split

    shortest_s, longest_s = _read_range(length, "--length")
    job = CorpusJob(
        texts=tuple(texts),
        voices=options.voice_choice(None, voices, None, "self", allow_unknown_consent),
        hours=hours,
        out=out,
        language=lang,
        text_license=text_license,
        n_speakers=speakers,
        cross_lingual=cross_lingual,
        spread=_read_spread(speed, pitch, prosody),
        shortest_s=shortest_s,
        longest_s=longest_s,
        split=parse_split(split),
        filter_file=filter_,
        measures=options.measures(measures, recogniser),
        retakes=retakes,
        seed=seed,
        bundle=model,
        device=options.placement(device, dtype, compile_),
        workforce=options.workforce(engine, workers),
        update=update,
        model_factory=model_factory,
    )
    tell_model_licenses(model)
    made = _make(job)
    raise typer.Exit(_tell(made, out))


def _make(job: CorpusJob) -> Corpus:
    """Do the job and say how far it is."""
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.corpus import corpus as corpus_job

    line = ProgressLine()
    made = corpus_job(job, line.watch())
    line.end()
    return made


def _tell(made: Corpus, out: Path) -> int:
    """Print what was made; gives the exit code."""
    from hierbatch.cli.outcome import exit_code, tell_outcome
    from hierbatch.engine.progress import clock

    tell_outcome(made.outcome)
    for split, n_rows in sorted(made.kept.items(), key=lambda item: -item[1]):
        print(f"  {split}: {n_rows} rows, {clock(made.kept_s[split])}")
    for rule, n_rows in made.rejected.items():
        print(f"  rejected, {rule}: {n_rows}")
    if made.kept:
        print(f"{made.rows_file}: every row and what rejected it. hierbatch export {out} --to hf --out DIR")
    return exit_code(made.outcome)


def _read_spread(speed: str, pitch: str, prosody: str) -> Spread:
    from hierbatch.jobs.corpus_pairs import Spread

    return Spread(
        speed=_read_range(speed, "--speed"),
        pitch_semitones=_read_range(pitch, "--pitch"),
        prosody=_read_range(prosody, "--prosody"),
    )


def _read_range(text: str, option: str) -> tuple[float, float]:
    from hierbatch.errors import InputError

    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{option} is not clear", wanted="two numbers, as in 0.9,1.1", got=text) from None
    return low, high
