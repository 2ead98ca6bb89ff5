"""Speed of text-to-speech on one CPU thread, and startup time of commands.

    python benchmarks/text_to_speech_speed.py                 # the packaged model
    python benchmarks/text_to_speech_speed.py --model BUNDLE --repeats 5

Times are CPU seconds per second of audio (independent of other load), the fastest of several repeats. "text" includes
the front end, "phonemes" does not; the front end runs once per sentence at plan time, the model in batches. For
commands without a model, the time of the whole command is printed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hierbatch.audio.files import read_sound
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.speech import Speech, SpeechModel, SpeechRequest
from hierbatch.programs import run_program

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `tools` is not installed
from tools.evaluation.evaluation_set import load_set

MANIFESTS = Path(__file__).resolve().parent.parent / "manifests"
BATCHES = (1, 8)
COMMANDS = (
    "--help",
    "run --help",
    "book --help",
    "columns",
    "import {book} -o {folder}/book.csv",
)


@dataclass(frozen=True, slots=True)
class SentenceGroup:
    """Sentences of one language and similar length."""

    language: str
    length: str
    sentences: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="lite", help="a packaged model's name, or a bundle's folder")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print_startup()
    print()
    print_speed(options.model, options.repeats)


def print_startup() -> None:
    """Print wall and CPU time of commands that load no model."""
    program = str(Path(sys.executable).with_name("hierbatch"))
    print("| command | wall seconds | CPU seconds |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for command in COMMANDS:
            arguments = [part.format(book=MANIFESTS / "sample_book.md", folder=folder) for part in command.split()]
            wall_s = _fastest(3, lambda arguments=arguments: run_program([program, *arguments]), time.monotonic)
            cpu_s = _fastest(3, lambda arguments=arguments: run_program([program, *arguments]), _children_cpu_s)
            print(f"| `hierbatch {command.partition(' {')[0]}` | {wall_s:.2f} | {cpu_s:.2f} |")


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def print_speed(bundle: str, repeats: int) -> None:
    """Print the real-time factor by language, sentence length and batch size."""
    import torch

    from hierbatch.models.lite.pipeline import LitePipeline

    torch.set_num_threads(1)
    front_end, model = SpeechFrontEnd(), LitePipeline.load(bundle)
    voice = model.encode_voice(read_sound(MANIFESTS / "voices" / "narrator.flac"))
    for language, text in (("en", "Warm up."), ("ko", "준비.")):
        front_end.phonemize(text, language)
    print(f"Model {model.name} {model.fingerprint}, {torch.get_num_threads()} thread\n")
    print(
        "| language | sentences | batch | seconds of audio per sentence | x real time, phonemes | x real time, text |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for texts in sorted_texts():
        # Only once: the front end caches words, so a second pass would be too fast.
        started_s = time.process_time()
        phonemes = [front_end.phonemize(text, texts.language).phonemes for text in texts.sentences]
        reading_s = time.process_time() - started_s
        requests = [
            SpeechRequest(phonemes=p, language=texts.language, voice=voice, seed=i) for i, p in enumerate(phonemes)
        ]
        for batch in BATCHES:
            spoken = speak(model, requests, batch)
            sound_s = sum(speech.waveform.duration_s for speech in spoken)
            work_s = _fastest(repeats, lambda requests=requests, batch=batch: speak(model, requests, batch))
            print(
                f"| {texts.language} | {texts.length} | {batch} | {sound_s / len(spoken):.1f} "
                f"| {work_s / sound_s:.4f} | {(work_s + reading_s) / sound_s:.4f} |"
            )


def sorted_texts() -> list[SentenceGroup]:
    """Eight sentences per language and length, from the development set; long ones are joined from several."""
    groups = []
    for language in ("en", "ko"):
        texts = [sentence.text for sentence in load_set("development").sentences_in(language)]
        by_length = sorted(texts, key=len)
        rest = by_length[8:16] + by_length[24:]
        long = tuple(" ".join(rest[i::8]) for i in range(8))
        groups += [
            SentenceGroup(language, "short", tuple(by_length[:8])),
            SentenceGroup(language, "medium", tuple(by_length[16:24])),
            SentenceGroup(language, "long", long),
        ]
    return groups


def speak(model: SpeechModel, requests: Sequence[SpeechRequest], batch: int) -> list[Speech]:
    """Synthesize requests in batches of a size."""
    batches = [model.speak(requests[start : start + batch]) for start in range(0, len(requests), batch)]
    return [speech for speeches in batches for speech in speeches]


def _fastest(repeats: int, work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    times_s = []
    for _ in range(repeats):
        started_s = clock()
        work()
        times_s.append(clock() - started_s)
    return min(times_s)


if __name__ == "__main__":
    main()
