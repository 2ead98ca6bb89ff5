"""Discrimination of voices by several similarity measures, including that of the flag `off_voice`.

    python benchmarks/voice_similarity.py --voices voices.csv

Every voice of the table speaks a few sentences of its own language. Each take is compared with its own prompt and with
those of the other voices of that language. The area under the ROC curve is the probability that a take is more similar
to its own prompt than to another one.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from hierbatch.audio.files import read_sound
from hierbatch.audio.spectrum import LogMel, long_term_spectrum
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import MEL_HOP_SAMPLES
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.voices import list_voices, prepare_voices
from hierbatch.models.evaluation.resemblyzer import ResemblyzerEncoder, find_resemblyzer_weights
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.speech import SpeechRequest

SENTENCES = {
    "en": (
        "Nobody came.",
        "The old man closed the door.",
        "She had walked along the river until the lamps were lit, and nobody had spoken to her.",
        "When the letter arrived he read it twice, put it in the drawer, and went out without a word.",
    ),
    "ko": (
        "아무도 없었다.",
        "비가 그치고 해가 났다.",
        "그는 강가를 따라 오래 걸었고 아무도 그에게 말을 걸지 않았다.",
        "편지가 왔을 때 그는 두 번 읽고 서랍에 넣은 다음 말없이 밖으로 나갔다.",
    ),
}

Vector = npt.NDArray[np.float32]


class VoiceMeasures:
    """Voice embeddings of a recording, by name of the measure."""

    def __init__(self, model: LitePipeline) -> None:
        self._mel = LogMel()
        self._style = model._networks.acoustic.style
        self._network = ResemblyzerEncoder.load() if find_resemblyzer_weights() else None

    @torch.inference_mode()
    def embed(self, sound: Waveform) -> dict[str, Vector]:
        """Compute all embeddings of a recording."""
        samples = torch.from_numpy(sound.samples[: len(sound.samples) // MEL_HOP_SAMPLES * MEL_HOP_SAMPLES])
        mel = self._mel(samples[None])
        found = {
            "style encoder": self._style(mel, torch.tensor([mel.shape[1]]))[0].numpy(),
            "long-term spectrum": long_term_spectrum(mel[0].numpy()),
        }
        return found | ({"speaker network": self._network.embed(sound)} if self._network else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voices", type=Path, required=True, help="a table of voices with their languages")
    torch.set_num_threads(1)
    own, others = compare(parser.parse_args().voices)
    print("| measure | area under the curve | own, minimum | own, median | other, median | other, 95 % |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in own:
        area = area_under_curve(own[name], others[name])
        values = (min(own[name]), np.median(own[name]), np.median(others[name]), np.quantile(others[name], 0.95))
        print(f"| {name} | {area:.3f} | " + " | ".join(f"{value:.2f}" for value in values) + " |")
    n_takes, n_pairs = (len(next(iter(pairs.values()))) for pairs in (own, others))
    print(f"\n{n_takes} comparisons of a take with its own prompt, {n_pairs} with another prompt.")


def compare(table: Path) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Cosine similarities of takes and prompts by measure: with their own prompts, and with others of the language."""
    model, front_end = LitePipeline.load(), SpeechFrontEnd()
    measures = VoiceMeasures(model)
    prompts = {}
    for row, prompt in prepare_voices(
        list_voices(VoiceChoice(voices=table)), model.encode_voice, allow_unknown=True
    ).values():
        sound = read_sound(prompt.flac)
        prompts[row.voice] = (row.language or "en", model.encode_voice(sound), measures.embed(sound))
    own: defaultdict[str, list[float]] = defaultdict(list)
    others: defaultdict[str, list[float]] = defaultdict(list)
    for name, (language, voice, _) in prompts.items():
        for number, text in enumerate(SENTENCES[language]):
            request = SpeechRequest(
                phonemes=front_end.phonemize(text, language).phonemes, language=language, voice=voice, seed=number
            )
            take = measures.embed(model.speak([request])[0].waveform)
            for other, (other_language, _, prompt_values) in prompts.items():
                if other_language == language:
                    for measure, value in take.items():
                        (own if other == name else others)[measure].append(cosine(value, prompt_values[measure]))
    return own, others


def cosine(one: Vector, other: Vector) -> float:
    """Cosine similarity of two vectors."""
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def area_under_curve(own: list[float], others: list[float]) -> float:
    """Share of pairs in which the first value is greater; ties count half."""
    first, second = np.array(own)[:, None], np.array(others)[None]
    return float(np.mean(first > second) + 0.5 * np.mean(first == second))


if __name__ == "__main__":
    main()
