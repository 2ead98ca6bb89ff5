"""`hierbatch narrate`: a book to an audiobook in one go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import exit_codes, options
from hierbatch.cli.licenses import tell_model_licenses
from hierbatch.object_path import here

if TYPE_CHECKING:
    from hierbatch.jobs.narrate import NarrateJob, Narration

_Profile = Annotated[str, typer.Option(help="acx, ebu or podcast; `m4b=podcast,mp3=acx` gives formats their own.")]
_Cover = Annotated[Path | None, typer.Option(parser=here, help="A JPEG or PNG file, in place of the book's own.")]
_Formats = Annotated[str, typer.Option(help="Any of m4b, mp3, flac, opus, readalong; and srt, vtt, words.")]


def narrate(
    book: Annotated[Path, typer.Argument(parser=here, help="A book: .epub, .txt or .md.")],
    out: Annotated[
        Path, typer.Option(parser=here, help="Folder for the manifest, the run and the audiobook; gone on with.")
    ],
    voice: options.Voice = None,
    voices: options.Voices = None,
    default_voice: options.DefaultVoice = None,
    consent: options.Consent = "self",
    allow_unknown_consent: options.AllowUnknownConsent = False,
    denoise: options.Denoise = None,
    lang: Annotated[str, typer.Option(help="auto finds each sentence's language; en or ko set it for all.")] = "auto",
    to: _Formats = "m4b,mp3",
    profile: _Profile = "m4b=podcast,mp3=acx",
    title: Annotated[str, typer.Option(help="In place of the book's own.")] = "",
    author: Annotated[str, typer.Option(help="In place of the book's own.")] = "",
    cover: _Cover = None,
    lexicon: options.Lexicon = None,
    speed: Annotated[float, typer.Option(min=0.5, max=2.0, help="Speaking rate.")] = 1.0,
    seed: options.Seed = 0,
    model: options.Model = "lite",
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    engine: options.Engine = "ray",
    workers: options.Workers = 0,
    gpus_a_worker: options.GpusAWorker = 1.0,
    ray_address: options.RayAddress = "",
    full_band: options.FullBand = False,
    update: options.Update = False,
    model_factory: options.ModelFactory = options.FACTORY,
) -> None:
    """Import a book, speak it and master it; the same command goes on where it stopped."""
    from hierbatch.cli.book_options import read_formats, read_profiles
    from hierbatch.jobs.narrate import NarrateJob

    formats, subtitles = read_formats(to)
    default_profile, by_format = read_profiles(profile)
    job = NarrateJob(
        book=book,
        out=out,
        voices=options.voice_choice(voice, voices, default_voice, consent, allow_unknown_consent, denoise),
        language=lang,
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
        workforce=options.workforce(engine, workers, gpus_a_worker, ray_address),
        full_band="speechsr" if full_band else None,
        update=update,
        model_factory=model_factory,
    )
    tell_model_licenses(model)
    narration = _speak(job)
    raise typer.Exit(_tell(narration))


def _speak(job: NarrateJob) -> Narration:
    """Do the job and say how far it is."""
    from hierbatch.cli.import_ import tell_import
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.narrate import narrate as narrate_job

    line = ProgressLine()
    narration = narrate_job(job, line.watch(), on_import=tell_import)
    line.end()
    return narration


def _tell(narration: Narration) -> int:
    """Print what was made; gives the exit code."""
    from hierbatch.cli.book import tell_book
    from hierbatch.cli.outcome import exit_code, tell_outcome
    from hierbatch.engine.progress import clock

    tell_outcome(narration.outcome)
    if narration.result is None:
        return exit_code(narration.outcome)
    tell_book(narration.result)
    standing, sitting = narration.outcome.standing, narration.outcome.sitting
    pace = f", spoken at {sitting.times_real_time:.1f} x real time" if sitting.n_worked else ""
    print(f"{narration.folder}: {clock(narration.duration_s)}{pace}, {standing.n_failed} rows failed")
    passed = exit_codes.OK if narration.result.passed else exit_codes.FAILED_ROWS
    return exit_code(narration.outcome) or passed
