"""Time of mastering and delivery by stage, on one core.

    python benchmarks/mastering_speed.py                      # narrates a chapter with the packaged model first
    python benchmarks/mastering_speed.py --run runs/novel/run --to mp3 --profile acx

Prints CPU seconds, those of ffmpeg included, and the factor to real time of each stage: the chapter is assembled from
its takes, mastered, encoded and checked. The shortest of several rounds counts: other work on the machine makes each
CPU second longer. Room tone is generated once per book, and stored chapters are written and read where formats share
them; both are listed apart.

`--narrate` synthesizes the rows of a book alone, as `hierbatch run` does, and narrates it, each in a process of its
own. Wall times are those of whole jobs, start of Ray included. `--rounds` repeats both, in changing order. CPU time and
the largest resident memory are those of the driver, its encoders, the workers and the mastering process, read twice per
second; Ray's own processes are left out. Where other work takes a changing share of the cores, the ratio of CPU times
is the steadier one: on cores that are all busy it is also that of the wall times.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
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
from hierbatch.jobs.books.import_book import ImportBook, import_book
from hierbatch.jobs.books.narrate import NarrateJob, narrate
from hierbatch.jobs.options.delivery import Delivery
from hierbatch.jobs.options.speech import SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.manifest.takes.takes import Takes

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


def synthesize_alone(book: Path, out: Path, to: str, engine: str) -> None:
    """Import a book and synthesize its rows, without mastering."""
    import_book(ImportBook(book=book, out=out / "manifest.parquet"))
    job = narration(book, out, to, engine)
    spec = SpeakSpec(manifest=out / "manifest.parquet", voices=job.voices, speech=SpeechSettings(), model=job.model)
    run(RunJob(spec=spec, out=out / "run", execution=job.execution, quality=job.quality))


def narrate_whole(book: Path, out: Path, to: str, engine: str) -> None:
    """Narrate a book."""
    narrate(narration(book, out, to, engine))


@dataclass
class Turn:
    """Wall time of a job in a process of its own, and the use of its processes by kind."""

    wall_s: float = 0.0
    cpu_s: dict[int, tuple[str, float]] = field(default_factory=dict)
    """Kind and CPU seconds of each process."""
    memory_mb: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Largest resident memory of a process of each kind, and the largest part of it that no other process shares."""

    def watch(self, driver: psutil.Process) -> None:
        """Read the use of the driver and its processes."""
        for process in (driver, *driver.children(recursive=True)):
            with suppress(psutil.Error):
                if kind := process_kind(process, driver):
                    times, memory = process.cpu_times(), process.memory_full_info()
                    encoders_s = times.children_user + times.children_system if kind == "mastering" else 0.0
                    self.cpu_s[process.pid] = kind, times.user + times.system + encoders_s
                    self.memory_mb[kind] = larger(self.memory_mb.get(kind), (memory.rss / 1e6, memory.uss / 1e6))

    def total_cpu_s(self, kind: str = "") -> float:
        """CPU seconds of all processes, or of one kind."""
        return sum(seconds for each, seconds in self.cpu_s.values() if kind in ("", each))


def larger(before: tuple[float, float] | None, sizes: tuple[float, float]) -> tuple[float, float]:
    """Larger value of each of the two sizes."""
    return sizes if before is None else (max(before[0], sizes[0]), max(before[1], sizes[1]))


def take_turn(work: Callable[[Path, Path, str, str], None], *arguments: Path | str) -> Turn:
    """Measure a job."""
    process = get_context("spawn").Process(target=work, args=arguments)
    turn, started = Turn(), monotonic()
    process.start()
    driver = psutil.Process(process.pid)
    while process.is_alive():
        process.join(0.5)
        with suppress(psutil.Error):
            turn.watch(driver)
    turn.wall_s = monotonic() - started
    if process.exitcode:
        raise SystemExit(f"the job failed with exit code {process.exitcode}")
    return turn


def process_kind(process: psutil.Process, driver: psutil.Process) -> str:
    """Role of a process in a narration; empty for others."""
    if process.pid == driver.pid:
        return "driver"
    if process.name().startswith("ray::_RayWork"):
        return "worker"
    if process.name().startswith("ffmpeg") and process.ppid() == driver.pid:
        return "encoder"
    return "mastering" if "hierbatch.jobs.books.mastering_process" in process.cmdline() else ""


def compare_narration(book: Path, to: str, engine: str, n_rounds: int) -> None:
    """Print wall times and CPU seconds of synthesis alone and of the whole narration, and the largest memory."""
    jobs = {"alone": synthesize_alone, "narrate": narrate_whole}
    memory_mb: dict[str, tuple[float, float]] = {}
    ratios = []
    print("| | wall s | x real time | CPU s | of this, workers | mastering |\n| --- | --- | --- | --- | --- | --- |")
    for number in range(n_rounds):
        turns: dict[str, Turn] = {}
        for name in sorted(jobs, reverse=number % 2 == 1):
            with tempfile.TemporaryDirectory() as folder:
                turns[name] = turn = take_turn(jobs[name], book, Path(folder), to, engine)
                sound_s = sum(Takes(Path(folder) / "run").table(["duration_s"]).column("duration_s").to_pylist())
            cpu_s = [turn.total_cpu_s(kind) for kind in ("", "worker", "mastering")]
            cells = " | ".join(f"{seconds:.1f}" for seconds in cpu_s)
            print(f"| {name} | {turn.wall_s:.1f} | {sound_s / turn.wall_s:.1f} | {cells} |", flush=True)
            memory_mb |= {kind: larger(memory_mb.get(kind), sizes) for kind, sizes in turn.memory_mb.items()}
        pair = turns["narrate"], turns["alone"]
        ratios.append((pair[0].wall_s / pair[1].wall_s, pair[0].total_cpu_s() / pair[1].total_cpu_s()))
    wall, cpu = (median(values) for values in zip(*ratios, strict=True))
    print(f"\nnarrate against synthesis alone: {wall:.2f} x wall time, {cpu:.2f} x CPU time; {sound_s:.0f} s as {to}")
    sizes = (f"{kind} {resident:.0f} ({own:.0f})" for kind, (resident, own) in memory_mb.items())
    print("largest resident memory (and what no other process shares), MB:", ", ".join(sizes))


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
