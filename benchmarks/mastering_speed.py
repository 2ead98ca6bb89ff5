"""Time of mastering and delivery by stage, on one core.

    python benchmarks/mastering_speed.py                      # narrates a chapter with the packaged model first
    python benchmarks/mastering_speed.py --run runs/novel/run --to mp3 --profile acx

Prints CPU seconds, those of ffmpeg included, and the factor to real time of each stage: the chapter is assembled from
its takes, mastered, encoded and checked. The shortest of several rounds counts: other work on the machine makes each
CPU second longer. `--narrate` compares the wall time of `hierbatch narrate` with that of synthesizing the same rows.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from hierbatch.audio.limiter import limit
from hierbatch.delivery.chapters import assemble_chapter
from hierbatch.delivery.encode import chapter_encoder, find_format
from hierbatch.delivery.level_estimate import LevelEstimate
from hierbatch.delivery.mastering import master_chapter
from hierbatch.delivery.pauses import PauseRules
from hierbatch.delivery.pcm import read_pcm, write_pcm
from hierbatch.delivery.profiles import find_profile
from hierbatch.delivery.report import check_file
from hierbatch.delivery.room_tone import SharedRoomTone
from hierbatch.delivery.takes import BookTakes
from hierbatch.delivery.timeline import plan_chapters
from hierbatch.engine.execution import Execution
from hierbatch.jobs.narrate import NarrateJob, narrate
from hierbatch.jobs.options.delivery import Delivery
from hierbatch.jobs.options.voices import VoiceChoice

_MANIFESTS = Path(__file__).parent.parent / "manifests"


def cpu_s() -> float:
    """CPU seconds of this process and of the programs it has waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def narrate_book(book: Path, out: Path, to: str, engine: str) -> tuple[float, float, float]:
    """Narrate a book; returns seconds of audio, and the wall times of the synthesis and of the whole job."""
    started = monotonic()
    ended_s: list[float] = []
    job = NarrateJob(
        book=book,
        voices=VoiceChoice(voice=_MANIFESTS / "voices" / "narrator.flac", consent="licensed"),
        out=out,
        execution=Execution(engine=engine),
        delivery=Delivery(to=to),
    )
    result = narrate(job, on_synthesized=lambda: ended_s.append(monotonic() - started))
    return result.duration_s, ended_s[0], monotonic() - started


def measure_stages(run: Path, to: str, profile_name: str, n_rounds: int) -> tuple[float, dict[str, float]]:
    """Seconds of audio, and the fewest CPU seconds of each stage in several rounds."""
    profile, kind, takes = find_profile(profile_name), find_format(to), BookTakes(run)
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

        for number in range(n_rounds):
            tone = SharedRoomTone(folder / f"tone{number}", rate_hz, profile.room_tone_db)
            measure("assembly", lambda: write_pcm(assembled, assemble_chapter(chapter, takes.sounds)))
            measure("mastering", lambda: master_chapter(assembled, mastered, rate_hz, profile, tone))  # noqa: B023
            measure("- level estimate", lambda: LevelEstimate(read_pcm(assembled), rate_hz, profile).level(0.0))
            measure("- limiter", lambda: list(map(len, limit(read_pcm(assembled), rate_hz, profile.ceiling_dbtp))))
            measure("encoding", encode)
            measure("check", lambda: check_file(made, profile, is_ours=True))
    return chapter.duration_s, fewest_s


def print_stages(sound_s: float, stage_s: dict[str, float]) -> None:
    """Print the table, with the sums that have a target."""
    stage_s = stage_s | {
        "encoding and check": stage_s["encoding"] + stage_s["check"],
        "all": sum(value for name, value in stage_s.items() if not name.startswith("-")),
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
    with tempfile.TemporaryDirectory() as folder:
        if arguments.narrate:
            sound_s, synthesis_s, all_s = narrate_book(arguments.narrate, Path(folder), arguments.to, arguments.engine)
            print(f"{sound_s:.0f} s of audio; synthesis {synthesis_s:.1f} s, {sound_s / synthesis_s:.1f} x real time")
            print(f"narrate {all_s:.1f} s, {sound_s / all_s:.1f} x real time: {all_s / synthesis_s:.2f} times as long")
            return
        run = arguments.run
        if run is None:
            narrate_book(_MANIFESTS / "sample_book.md", Path(folder), arguments.to, "local")
            run = Path(folder) / "run"
        print_stages(*measure_stages(run, arguments.to, arguments.profile, arguments.rounds))


if __name__ == "__main__":
    main()
