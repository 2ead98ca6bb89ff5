"""Time of mastering and delivery by stage, on one core.

    python benchmarks/mastering_speed.py                      # narrates a chapter with the packaged model first
    python benchmarks/mastering_speed.py --run runs/novel/run --to mp3 --profile acx

Prints CPU seconds, those of ffmpeg included, and the factor to real time of each stage: the chapter is assembled from
its takes, mastered, encoded and checked. The shortest of several rounds counts: other work on the machine makes each
CPU second longer. Room tone is generated once per book, and stored chapters are written and read where formats share
them; both are listed apart.

`--narrate` synthesizes the rows of a book alone, as `hierbatch run` does, and then narrates it in another folder: the
wall times are those of whole jobs, start of Ray included. Both are repeated with `--rounds`, in changing order. The
largest memory of the driver, of a worker and of the mastering process is that of resident pages, read once per second.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from time import monotonic

import psutil

from hierbatch.audio.limiter import limit
from hierbatch.delivery.chapters import assemble_chapter
from hierbatch.delivery.encode import chapter_encoder, find_format
from hierbatch.delivery.level_estimate import LevelEstimate
from hierbatch.delivery.mastered_chapters import MasteredChapters, read_chapter
from hierbatch.delivery.mastering import master_chapter
from hierbatch.delivery.pauses import PauseRules
from hierbatch.delivery.pcm import read_pcm, write_pcm
from hierbatch.delivery.profiles import find_profile
from hierbatch.delivery.report import check_file
from hierbatch.delivery.room_tone import SharedRoomTone
from hierbatch.delivery.takes import BookTakes
from hierbatch.delivery.timeline import plan_chapters
from hierbatch.engine.execution import Execution
from hierbatch.jobs.import_book import ImportBook, import_book
from hierbatch.jobs.narrate import NarrateJob, narrate
from hierbatch.jobs.options.delivery import Delivery
from hierbatch.jobs.options.speech import SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.speak import SpeakSpec

_MANIFESTS = Path(__file__).parent.parent / "manifests"


def cpu_s() -> float:
    """CPU seconds of this process and of the programs it has waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def narration(book: Path, out: Path, to: str, engine: str) -> NarrateJob:
    """Job that narrates a book in the voice of the samples."""
    return NarrateJob(
        book=book,
        voices=VoiceChoice(voice=_MANIFESTS / "voices" / "narrator.flac", consent="licensed"),
        out=out,
        execution=Execution(engine=engine),
        delivery=Delivery(to=to),
    )


def synthesize_alone(book: Path, out: Path, engine: str) -> tuple[float, float]:
    """Synthesize the rows of a book without mastering; returns the wall time and the seconds of audio."""
    import_book(ImportBook(book=book, out=out / "manifest.parquet"))
    job = narration(book, out, "mp3", engine)
    spec = SpeakSpec(manifest=out / "manifest.parquet", voices=job.voices, speech=SpeechSettings(), model=job.model)
    started = monotonic()
    outcome = run(RunJob(spec=spec, out=out / "run", execution=job.execution, quality=job.quality))
    return monotonic() - started, outcome.session.sound_s


def compare_narration(book: Path, to: str, engine: str, n_rounds: int) -> None:
    """Print the wall times of synthesis alone and of the whole narration, and the largest memory of each process."""
    ratios = []
    memory_mb: dict[str, float] = {}
    print("| synthesis alone | narrate | ratio |\n| --- | --- | --- |")
    for number in range(n_rounds):
        with tempfile.TemporaryDirectory() as name, watch_memory(memory_mb):
            turns = ("alone", "narrate") if number % 2 == 0 else ("narrate", "alone")
            wall_s = {}
            for turn in turns:
                folder = Path(name) / turn
                folder.mkdir()
                if turn == "alone":
                    wall_s[turn], sound_s = synthesize_alone(book, folder, engine)
                else:
                    started = monotonic()
                    narrate(narration(book, folder, to, engine))
                    wall_s[turn] = monotonic() - started
        ratios.append(wall_s["narrate"] / wall_s["alone"])
        cells = [f"{wall_s[turn]:.1f} s, {sound_s / wall_s[turn]:.1f} x real time" for turn in ("alone", "narrate")]
        print(f"| {cells[0]} | {cells[1]} | {ratios[-1]:.2f} |", flush=True)
    print(f"\nmedian ratio {median(ratios):.2f}, {sound_s:.0f} s of audio as {to}")
    print("largest memory, MB:", ", ".join(f"{kind} {size:.0f}" for kind, size in memory_mb.items()))


@contextmanager
def watch_memory(largest_mb: dict[str, float]) -> Iterator[None]:
    """Record the largest resident memory of this process and its workers while the block runs."""
    is_over = threading.Event()

    def watch() -> None:
        own = psutil.Process()
        while not is_over.wait(1.0):
            for process in (own, *own.children(recursive=True)):
                with suppress(psutil.Error):
                    kind = process_kind(process, own)
                    if kind:
                        size = process.memory_info().rss / 1e6
                        largest_mb[kind] = max(largest_mb.get(kind, 0.0), size)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def process_kind(process: psutil.Process, own: psutil.Process) -> str:
    """Function of a process in a narration; empty for others."""
    if process.pid == own.pid:
        return "driver"
    if process.name().startswith("ray::_RayWork"):
        return "worker"
    return "mastering" if "hierbatch.jobs.mastering_process" in process.cmdline() else ""


def measure_stages(run_folder: Path, to: str, profile_name: str, n_rounds: int) -> tuple[float, dict[str, float]]:
    """Seconds of audio, and the fewest CPU seconds of each stage in several rounds."""
    profile, kind, takes = find_profile(profile_name), find_format(to), BookTakes(run_folder)
    rate_hz = kind.rate_hz or profile.rate_hz
    chapter = max(
        plan_chapters(takes.chapters, profile, rate_hz, PauseRules(), lambda _: (0.0, 0.0)), key=lambda c: c.n_samples
    )
    fewest_s: dict[str, float] = {}

    def measure(stage: str, work: Callable[[], object]) -> None:
        before = cpu_s()
        work()
        fewest_s[stage] = min(fewest_s.get(stage, float("inf")), cpu_s() - before)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assembled, mastered, made = folder / "assembled", folder / "mastered", folder / f"chapter.{kind.extension}"

        def encode() -> None:
            with chapter_encoder(made, kind, rate_hz, {}, None) as feed:
                for block in read_pcm(mastered):
                    feed(block)

        kept = MasteredChapters(folder / "kept")

        def make_tone() -> None:
            (folder / "tone").unlink(missing_ok=True)
            SharedRoomTone(folder / "tone", rate_hz, profile.room_tone_db).read(0, chapter.n_samples)

        for _ in range(n_rounds):
            measure("room tone, once per book", make_tone)
            (folder / "tone").unlink()
            tone = SharedRoomTone(folder / "tone", rate_hz, profile.room_tone_db)
            tone.read(0, chapter.n_samples)
            measure("assembly", lambda: write_pcm(assembled, assemble_chapter(chapter, takes.sounds)))
            measure("mastering", lambda: master_chapter(assembled, mastered, rate_hz, profile, tone))  # noqa: B023
            measure("- level estimate", lambda: LevelEstimate(read_pcm(assembled), rate_hz, profile).level(0.0))
            measure("- limiter", lambda: list(map(len, limit(read_pcm(assembled), rate_hz, profile.ceiling_dbtp))))
            measure("storing the chapter", lambda: kept.add("chapter", mastered, rate_hz))
            measure("reading it", lambda: sum(map(len, read_chapter(folder / "kept" / "chapter.flac"))))
            measure("encoding", encode)
            measure("check", lambda: check_file(made, profile, is_ours=True))
    return chapter.duration_s, fewest_s


def print_stages(sound_s: float, stage_s: dict[str, float]) -> None:
    """Print the table, with the sums that have a target."""
    stage_s = stage_s | {
        "encoding and check": stage_s["encoding"] + stage_s["check"],
        "one format, from takes to a checked file": sum(
            stage_s[name]
            for name in ("assembly", "mastering", "storing the chapter", "reading it", "encoding", "check")
        ),
    }
    print(f"{sound_s:.0f} s of audio\n\n| stage | CPU s | x real time |\n| --- | --- | --- |")
    for name, value in stage_s.items():
        print(f"| {name} | {value:.2f} | {sound_s / value:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--run", type=Path, help="run of a book; by default one is made")
    parser.add_argument("--to", default="mp3")
    parser.add_argument("--profile", default="acx")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--narrate", type=Path, metavar="BOOK", help="compare narrate with the synthesis alone instead")
    parser.add_argument("--engine", default="ray", help="engine of --narrate: ray or local")
    arguments = parser.parse_args()
    if arguments.narrate:
        compare_narration(arguments.narrate, arguments.to, arguments.engine, arguments.rounds)
        return
    with tempfile.TemporaryDirectory() as folder:
        run_folder = arguments.run
        if run_folder is None:
            narrate(narration(_MANIFESTS / "sample_book.md", Path(folder), arguments.to, "local"))
            run_folder = Path(folder) / "run"
        print_stages(*measure_stages(run_folder, arguments.to, arguments.profile, arguments.rounds))


if __name__ == "__main__":
    main()
