"""`hierbatch narrate`: turn a book into an audiobook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import exit_codes, options
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.frontend.books.keeping import KEEP_CHOICES
from hierbatch.object_path import local_path

if TYPE_CHECKING:
    from hierbatch.jobs.narrate import NarrateJob, NarrationResult

_Profile = Annotated[
    str, typer.Option(help="acx, ebu or podcast; per format: m4b=podcast,mp3=acx.", rich_help_panel=options.BOOK_PANEL)
]
_Cover = Annotated[
    Path | None,
    typer.Option(
        parser=local_path,
        help="Cover image, JPEG or PNG. Default: that of the book.",
        rich_help_panel=options.BOOK_PANEL,
    ),
]
_Formats = Annotated[
    str,
    typer.Option(help="Formats: m4b, mp3, flac, opus, readalong; srt, vtt, words.", rich_help_panel=options.BOOK_PANEL),
]


def narrate(
    book: Annotated[Path, typer.Argument(parser=local_path, help="Book: .epub, .txt or .md.")],
    out: Annotated[
        Path,
        typer.Option(
            parser=local_path, help="Folder of manifest, run and audiobook: created, or resumed if it exists."
        ),
    ],
    voice: options.Voice = None,
    voices: options.Voices = None,
    default_voice: options.DefaultVoice = None,
    consent: options.Consent = "self",
    allow_unknown_consent: options.AllowUnknownConsent = False,
    denoise: options.Denoise = None,
    language: Annotated[
        str,
        typer.Option(help="en or ko for all rows; auto detects each sentence.", rich_help_panel=options.SOUND_PANEL),
    ] = "auto",
    keep: Annotated[
        str,
        typer.Option(
            help=f"Parts to read that are skipped by default: {', '.join(KEEP_CHOICES)}.",
            rich_help_panel=options.BOOK_PANEL,
        ),
    ] = "",
    to: _Formats = "m4b,mp3",
    profile: _Profile = "m4b=podcast,mp3=acx",
    title: Annotated[
        str, typer.Option(help="Title. Default: that of the book.", rich_help_panel=options.BOOK_PANEL)
    ] = "",
    author: Annotated[
        str, typer.Option(help="Author. Default: that of the book.", rich_help_panel=options.BOOK_PANEL)
    ] = "",
    cover: _Cover = None,
    lexicon: options.Lexicon = None,
    speed: Annotated[
        float, typer.Option(min=0.5, max=2.0, help="Factor on the speaking rate.", rich_help_panel=options.SOUND_PANEL)
    ] = 1.0,
    seed: options.Seed = 0,
    model: options.Model = "lite",
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    engine: options.Engine = "ray",
    workers: options.Workers = 0,
    gpus_per_worker: options.GpusPerWorker = 1.0,
    ray_address: options.RayAddress = "",
    full_band: options.FullBand = False,
    update: options.Update = False,
    model_factory: options.ModelFactory = options.FACTORY,
) -> None:
    """Turn a book into an audiobook: import, synthesize and master.

    The same command resumes a stopped job.
    """
    from hierbatch.cli.book_options import read_formats, read_profiles
    from hierbatch.jobs.narrate import NarrateJob

    formats, subtitles = read_formats(to)
    default_profile, by_format = read_profiles(profile)
    job = NarrateJob(
        book=book,
        out=out,
        voices=options.voice_choice(voice, voices, default_voice, consent, allow_unknown_consent, denoise),
        language=language,
        keep=keep,
        formats=formats,
        subtitles=subtitles,
        profile=default_profile,
        profile_by_format=by_format,
        title=title,
        author=author,
        cover=cover,
        lexicon=lexicon,
        speed=speed,
        seed=seed,
        bundle=model,
        device=options.placement(device, dtype, compile_),
        execution=options.execution(engine, workers, gpus_per_worker, ray_address),
        full_band="speechsr" if full_band else None,
        update=update,
        model_factory=model_factory,
    )
    print_model_license_warnings(model)
    narration = _narrate(job)
    raise typer.Exit(_print_result(narration))


def _narrate(job: NarrateJob) -> NarrationResult:
    """Run the job with a progress line."""
    from hierbatch.cli.import_ import print_import_summary
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.narrate import narrate as narrate_job

    line = ProgressLine()
    narration = narrate_job(job, line.listener(), on_import=print_import_summary)
    line.end()
    return narration


def _print_result(narration: NarrationResult) -> int:
    """Print the result. Returns the exit code."""
    from hierbatch.cli.book import print_book_result
    from hierbatch.cli.outcome import exit_code, print_outcome
    from hierbatch.engine.progress import format_duration

    print_outcome(narration.outcome)
    if narration.result is None:
        return exit_code(narration.outcome)
    print_book_result(narration.result)
    counts, session = narration.outcome.counts, narration.outcome.session
    speed = f", synthesized at {session.times_real_time:.1f} x real time" if session.n_worked else ""
    print(f"{narration.folder}: {format_duration(narration.duration_s)}{speed}, {counts.n_failed} rows failed")
    passed = exit_codes.OK if narration.result.passed else exit_codes.FAILED_ROWS
    return exit_code(narration.outcome) or passed
