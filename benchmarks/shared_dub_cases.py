"""Verdicts on the films and the tables of segments of ../shared/cases/audio: dubbed, and compared with their sources.

    python benchmarks/shared_dub_cases.py
    python benchmarks/shared_dub_cases.py --only segments

The makers write the inputs from ../shared/speech. A film is right if its sound has the number of samples that ffmpeg
decodes from the source, is as loud, and is silent in the channels that are silent there, and if pictures, subtitles,
attachments, chapters, languages and titles are those of the source; or if it is listed as one without usable sound and
has a reason. A table of segments is right if it gives the listed speakers, or has a reason. Needs PyAV.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from case_makers import VOICES, Verdicts, judge_sounds, make_sounds, run_maker

from hierbatch.audio.loudness import measure_loudness
from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.jobs.dubbing.dub import DubJob, DubResult, dub
from hierbatch.jobs.options.recordings import DubSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.programs import ffmpeg_program, run_program

WITHOUT_SOUND = {"noaudio.mp4", "trunc.mp4"}
OTHER_LOUDNESS = {"float_hot.wav"}
"""Sounds whose loudness is limited by their peaks."""
LOSSLESS = (".wav", ".flac", ".mkv", ".mov")
_MAX_LOSSY_SAMPLES = 3000
_MAX_LOUDNESS_ERROR_DB, _SILENT_DB, _MAX_LEAK_DB = 2.0, -70.0, -55.0
_BOTH = {"Anna", "Ben"}
SPEAKERS: dict[str, set[str] | None] = {
    "srt_ok": _BOTH, "srt_bom_crlf": _BOTH, "srt_utf16": None, "srt_cr": _BOTH, "srt_cp949": None,
    "srt_nfd": {"민수", "영희"}, "srt_overlap50ms": _BOTH, "srt_past_end": _BOTH, "srt_tags": _BOTH,
    "srt_bracket": {""}, "srt_sound": _BOTH, "srt_time_in_text": {""}, "srt_plainwithcolon": {""}, "vtt": {""},
    "ass": {""}, "rttm_ok": _BOTH, "rttm_overlap": _BOTH, "rttm_pad_end": _BOTH, "rttm_tab": {"Anna"},
    "csv_ok": _BOTH, "csv_semi": {"Anna"}, "csv_bom": {"Anna"}, "csv_hms": None, "csv_upper": {"Anna"},
    "csv_audacity": {""}, "인터뷰": {""},
}  # fmt: skip
"""Speakers of each table of segments; None for one that has to be refused with a reason."""


def main() -> None:
    steps = {"films": lambda _: films(), "segments": lambda _: segments()}
    judge_sounds(__doc__.splitlines()[0], make_inputs, steps)


def make_inputs(cases: Path) -> None:
    """Run the makers of sounds, and the scripts that make films and tables of segments from them."""
    make_sounds(cases, ("in", "conv", "segin"), ("make_base", "mk_convert"))
    Path("env.sh").write_text(f"export PY={sys.executable}\n")
    run_program(["bash", str(cases / "mk_dub.sh")])
    run_maker(cases / "mk_seg.py")


def dubbed(folder: str, voices: VoiceChoice, dubbing: DubSettings) -> tuple[DubResult, list[str]]:
    """Dub a folder of the current one with the packaged model; returns the result and the notices."""
    notices: list[str] = []
    job = DubJob(
        folder=Path(folder),
        out=Path("runs") / folder,
        voices=voices,
        dubbing=dubbing,
        execution=Execution(engine="local"),
    )
    return dub(job, RunListener(on_message=notices.append)), notices


def films() -> Verdicts:
    """Dub all films and recordings, with a verdict on each."""
    result, _ = dubbed("dubin", VoiceChoice(voice=VOICES / "low.flac", consent="licensed"), DubSettings())
    by_file = {line.file: line for line in result.lines}
    for path in sorted(Path("dubin").iterdir()):
        if path.is_dir():
            continue
        line = by_file.get(path.name)
        if line is None or line.error:
            reason = line.error.splitlines()[0][:120] if line else "not mentioned"
            yield path.name, path.name in WITHOUT_SOUND and line is not None, f"failed: {reason}"
            continue
        output = Path("runs/dubin") / line.output
        problems = [*sound_problems(path, output), *stream_problems(path, output)]
        yield path.name, not problems and path.name not in WITHOUT_SOUND, "; ".join(problems) or line.flags


def sound_problems(source: Path, output: Path) -> Iterator[str]:
    """Differences of the first sound track in length, loudness and silent channels."""
    (before, rate_hz), (after, after_hz) = decoded(source), decoded(output)
    limit = 0 if output.suffix.lower() in LOSSLESS else _MAX_LOSSY_SAMPLES
    if (rate_hz != after_hz and output.suffix != ".webm") or before.shape[1] != after.shape[1]:  # Opus has 48 kHz
        yield f"{rate_hz} Hz and {before.shape[1]} channels became {after_hz} Hz and {after.shape[1]}"
        return
    if abs(len(after) - len(before) * after_hz / rate_hz) > limit:
        yield f"{len(before)} samples became {len(after)}"
    error_db = loudest_lufs(after, after_hz) - loudest_lufs(before, rate_hz)
    if abs(error_db) > _MAX_LOUDNESS_ERROR_DB and source.name not in OTHER_LOUDNESS:
        yield f"loudness {error_db:+.1f} dB"
    for channel, (was_db, is_db) in enumerate(zip(level_db(before), level_db(after), strict=True)):
        if was_db < _SILENT_DB and is_db > _MAX_LEAK_DB:
            yield f"channel {channel} was silent and has {is_db:.0f} dB"


def decoded(path: Path) -> tuple[np.ndarray, int]:
    """Samples [L, C] and rate of the first sound track, as ffmpeg decodes it, with silence before a late start."""
    with av.open(str(path)) as container:
        context = container.streams.audio[0].codec_context
        rate_hz, n_channels = context.sample_rate, context.layout.nb_channels
    command = [ffmpeg_program(), "-v", "error", "-i", f"file:{path}", "-map", "0:a:0"]
    command += ["-af", "aresample=async=1:first_pts=0", "-f", "f32le", "pipe:1"]
    return np.frombuffer(run_program(command), "<f4").reshape(-1, n_channels), rate_hz


def loudest_lufs(samples: np.ndarray, rate_hz: int) -> float:
    """Loudness of the loudest channel."""
    return max(measure_loudness(np.ascontiguousarray(channel), rate_hz) for channel in samples.T)


def level_db(samples: np.ndarray) -> np.ndarray:
    """RMS level of each channel."""
    return 20 * np.log10(np.sqrt((samples.astype(np.float64) ** 2).mean(axis=0)) + 1e-9)


def stream_problems(source: Path, output: Path) -> Iterator[str]:
    """Differences of the other streams, and of the tags of all; a sound file that becomes FLAC keeps its sound only."""
    if source.suffix != output.suffix:
        return
    before, after = described(source), described(output)
    for name in before:
        if before[name] != after[name]:
            yield f"{name}: {before[name]} became {after[name]}"


def described(path: Path) -> dict[str, Any]:
    """Facts that dubbing keeps, among them those of the first sound track, which is the only one of a dubbed film."""
    with av.open(str(path)) as container:
        others = [stream for stream in container.streams if stream.type in ("video", "subtitle", "attachment")]
        streams = sorted([container.streams.audio[0], *others], key=lambda stream: stream.index)
        start_s = Fraction(container.start_time or 0, av.time_base)
        facts = {
            "streams": [
                (stream.type, "" if stream.type == "audio" else stream.codec_context and stream.codec_context.name)
                for stream in streams
            ],
            "tags": [[stream.metadata.get(name, "") for name in ("language", "title")] for stream in streams],
            "chapters": [(float(each["start"] * each["time_base"]), each["metadata"]) for each in container.chapters()],
            "title": container.metadata.get("title", ""),
        }
        videos = [
            stream for stream in container.streams.video if not stream.disposition & stream.disposition.attached_pic
        ]
        packets = list(container.demux(videos)) if videos else []
        times = [packet.pts * packet.time_base - start_s for packet in packets if packet.pts is not None]
        facts["pictures"] = (len(times), [round(float(time), 2) for time in sorted(times)[:: len(times) // 4 or 1]])
    return facts


def segments() -> Verdicts:
    """Dub all recordings with tables of segments, with a verdict on the speakers of each."""
    voices = VoiceChoice(voices=VOICES / "voices.csv")
    result, notices = dubbed("segin", voices, DubSettings(voice_map=Path("seg_map.csv")))
    lines = defaultdict(list)
    for line in result.lines:
        lines[unicodedata.normalize("NFC", Path(line.file).stem)].append(line)
    for name, expected in SPEAKERS.items():
        errors = [line.error.splitlines()[0][:140] for line in lines[name] if line.error]
        speakers = {line.speaker for line in lines[name]}
        message = " ".join(notice for notice in notices if name in unicodedata.normalize("NFC", notice))[:140]
        is_right = bool(errors) if expected is None else not errors and speakers == expected
        yield name, is_right, f"{', '.join(sorted(speakers))} {'; '.join(errors)} {message}".strip()


if __name__ == "__main__":
    main()
