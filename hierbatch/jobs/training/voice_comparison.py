"""Comparison of a model before and after fine-tuning, by measures of sentences spoken in one voice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hierbatch.audio.waveform import Waveform
from hierbatch.frontend.edit_distance import character_error_rate
from hierbatch.frontend.language import find_language
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.evaluation.distillmos import DistillMos, is_distillmos_installed
from hierbatch.models.evaluation.resemblyzer import ResemblyzerEncoder, find_resemblyzer_weights, similarity
from hierbatch.models.evaluation.speech_recognizer import SpeechRecognizer, load_recognizer
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.speech import SpeechRequest

SENTENCES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "The ferry leaves the island at a quarter past seven every morning.",
        "Nobody expected the old bridge to survive another winter like that.",
        "She folded the letter twice and placed it between two books.",
        "If the weather holds, we can reach the lake before the evening.",
        "Could you tell me which of these roads goes down to the harbor?",
        "The children were counting ships while their father slept in the shade.",
        "Fresh bread, a little cheese and cold water were all that he wanted.",
        "There is a good reason why the smallest clock in the house is never wrong.",
    ),
    "ko": (
        "섬으로 가는 배는 매일 아침 일곱 시에 떠납니다.",
        "오래된 다리가 또 한 번의 겨울을 견딜 줄은 아무도 몰랐다.",
        "그는 편지를 두 번 접어 책 사이에 넣어 두었다.",
        "날씨가 좋으면 저녁이 되기 전에 호수에 도착할 수 있어요.",
        "어느 길로 가야 항구가 나오는지 알려 주시겠어요?",
        "아이들은 지나가는 배를 세고 있었고 아버지는 그늘에서 잠들었다.",
        "따뜻한 빵과 시원한 물만 있으면 충분하다고 했다.",
        "이 집에서 가장 작은 시계가 한 번도 틀리지 않은 데에는 이유가 있다.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMeasure:
    """Value of a measure before and after fine-tuning, and for recordings of the speaker if it is computed for them."""

    name: str
    is_lower_better: bool
    before: float
    after: float
    recordings: float | None = None

    @property
    def is_better(self) -> bool:
        """True if fine-tuning improved the measure."""
        return self.after < self.before if self.is_lower_better else self.after > self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceComparison:
    """Measures of two models, and the names of measures that could not be computed, with advice."""

    measures: tuple[VoiceMeasure, ...]
    missing: tuple[str, ...]

    def to_markdown(self) -> str:
        """Markdown table of the measures."""
        lines = ["| measure | before | after | recordings |", "| --- | --- | --- | --- |"]
        for measure in self.measures:
            shown = "" if measure.recordings is None else f"{measure.recordings:.3f}"
            better = "lower" if measure.is_lower_better else "higher"
            lines.append(
                f"| {measure.name} ({better} is better) | {measure.before:.3f} | {measure.after:.3f} | {shown} |"
            )
        return "\n".join(lines)


def speak_sentences(pipeline: LitePipeline, prompt: Waveform, language: str) -> list[Waveform]:
    """Synthesize the test sentences of a language in the voice of a prompt.

    Args:
        pipeline: the model.
        prompt: recording of the speaker.
        language: language of the sentences.
    """
    front_end = SpeechFrontEnd(versions=pipeline.frontend_versions)
    voice = pipeline.encode_voice(prompt)
    requests = [
        SpeechRequest(phonemes=front_end.phonemize(text, language).phonemes, language=language, voice=voice, seed=seed)
        for seed, text in enumerate(SENTENCES[language])
    ]
    return [speech.waveform for request in requests for speech in pipeline.speak([request])]


def compare_voices(
    before: Sequence[Waveform],
    after: Sequence[Waveform],
    recordings: Sequence[Waveform],
    *,
    language: str,
    asr_model: Path | None,
) -> VoiceComparison:
    """Compare the speech of two models, with the measures whose networks are installed.

    Args:
        before: sentences spoken by the first model.
        after: the same sentences spoken by the second model.
        recordings: recordings of the speaker that were not used in training.
        language: language of the sentences.
        asr_model: folder of a Whisper model for the error rate; None leaves out this measure.
    """
    measures: list[VoiceMeasure] = []
    missing: list[str] = []
    if find_resemblyzer_weights() is None:
        missing.append("speaker similarity (pip install --no-deps Resemblyzer)")
    else:
        measures.append(_similarity(before, after, recordings))
    if not is_distillmos_installed():
        missing.append("DistillMOS (pip install --no-deps distillmos)")
    else:
        network = DistillMos()
        scores = [float(np.mean([network.score(sound) for sound in group])) for group in (before, after, recordings)]
        measures.append(
            VoiceMeasure(
                name="DistillMOS of sentences", is_lower_better=False, before=scores[0], after=scores[1],
                recordings=scores[2],
            )
        )  # fmt: skip
    if asr_model is None:
        missing.append("error rate (--asr-model FOLDER)")
    else:
        asr = load_recognizer(asr_model)
        rates = [_error_rate(asr, group, language) for group in (before, after)]
        measures.append(
            VoiceMeasure(
                name="character error rate of sentences", is_lower_better=True, before=rates[0], after=rates[1]
            )
        )
    return VoiceComparison(measures=tuple(measures), missing=tuple(missing))


def _similarity(before: Sequence[Waveform], after: Sequence[Waveform], recordings: Sequence[Waveform]) -> VoiceMeasure:
    """Mean cosine similarity of the sentences to the recordings of the speaker.

    Each sentence is compared with the mean embedding of the recordings; each recording, with the mean
    embedding of all other recordings.
    """
    encoder = ResemblyzerEncoder.load()
    references = [encoder.embed(sound) for sound in recordings]
    centre = _unit(np.sum(references, axis=0))
    scores = [
        float(np.mean([similarity(encoder.embed(sound), centre) for sound in group])) for group in (before, after)
    ]
    own = (
        [similarity(one, _unit(np.sum(references, axis=0) - one)) for one in references] if len(references) > 1 else []
    )
    return VoiceMeasure(
        name="similarity of sentences to the recordings",
        is_lower_better=False,
        before=scores[0],
        after=scores[1],
        recordings=float(np.mean(own)) if own else None,
    )


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def _error_rate(asr: SpeechRecognizer, sounds: Sequence[Waveform], language: str) -> float:
    normalize = _normalizer(language)
    rates = [
        character_error_rate(normalize(text), normalize(asr.transcribe(sound, language)))
        for text, sound in zip(SENTENCES[language], sounds, strict=True)
    ]
    return float(np.mean(rates))


def _normalizer(language: str) -> Callable[[str], str]:
    found = find_language(language)
    normalize = found.load_normalizer() if found else str
    return lambda text: "".join(c for c in normalize(text).lower() if c.isalnum() or c.isspace())
