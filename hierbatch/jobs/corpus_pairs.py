"""Who says what in a corpus: texts times voices, balanced over languages and speakers, spread over deliveries."""

from __future__ import annotations

import heapq
import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from hierbatch.errors import InputError
from hierbatch.jobs.corpus_texts import CorpusText, SecondsACharacter
from hierbatch.manifest.voices import VoiceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """From where to where a corpus's deliveries reach; each is drawn evenly, the speed on a log scale."""

    speed: tuple[float, float] = (0.9, 1.12)
    pitch_semitones: tuple[float, float] = (-1.5, 1.5)
    prosody: tuple[float, float] = (0.8, 1.25)

    def __post_init__(self) -> None:
        limits = {"speed": (0.5, 2.0), "pitch_semitones": (-12.0, 12.0), "prosody": (0.0, 2.0)}
        for name, (lowest, highest) in limits.items():
            low, high = getattr(self, name)
            if not lowest <= low <= high <= highest:
                wanted = f"two numbers from {lowest:g} to {highest:g}, the smaller first"
                raise InputError(f"The spread of {name} is out of range", wanted=wanted, got=f"{low:g},{high:g}")

    def draw(self, seed: str) -> tuple[float, float, float]:
        """Speed, semitones and prosody of one row, rounded so that a table of them reads well."""
        chance = random.Random(seed)
        low, high = map(math.log, self.speed)
        speed = math.exp(chance.uniform(low, high))
        return round(speed, 3), round(chance.uniform(*self.pitch_semitones), 2), round(chance.uniform(*self.prosody), 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One row to be: a text in a voice, and how it is said."""

    text: CorpusText
    voice: str
    speaker: str
    speed: float
    pitch_semitones: float
    prosody: float


@dataclass(slots=True)
class _Speaker:
    name: str
    voices: list[str]
    spoken_s: float = 0.0
    n_rows: int = 0
    said: set[str] = field(default_factory=set)

    def next_voice(self) -> str:
        """A speaker's recordings take turns."""
        return self.voices[self.n_rows % len(self.voices)]


def speaker_of(voice: VoiceRow) -> str:
    return voice.speaker or voice.voice


def choose_speakers(voices: Sequence[VoiceRow], n_speakers: int | None, seed: int) -> list[VoiceRow]:
    """Voices of `n_speakers` speakers, drawn from each language in turn; all of them where it is None.

    Raises:
        InputError: there are fewer.
    """
    languages: dict[str, list[str]] = defaultdict(list)
    for speaker, lang in sorted({speaker_of(voice): voice.lang or "" for voice in voices}.items()):
        languages[lang].append(speaker)
    n_known = sum(map(len, languages.values()))
    if n_speakers is None:
        return list(voices)
    if not 1 <= n_speakers <= n_known:
        raise InputError(
            f"There are not {n_speakers} speakers in the voices table",
            wanted=f"1 to {n_known}" if n_known > 1 else "1",
            got=str(n_speakers),
            mend="add voices of other speakers, or ask for fewer",
        )
    for lang, group in languages.items():
        random.Random(f"{seed} {lang}").shuffle(group)
    ranked = sorted((rank, lang, name) for lang, group in languages.items() for rank, name in enumerate(group))
    chosen = {name for _, _, name in ranked[:n_speakers]}
    return [voice for voice in voices if speaker_of(voice) in chosen]


def voices_by_language(
    voices: Sequence[VoiceRow], languages: Sequence[str], *, cross_lingual: bool
) -> dict[str, list[VoiceRow]]:
    """Voices that speak each language: those of its own prompts and of none, or all of them.

    Raises:
        InputError: a language has no voice.
    """
    speaking = {lang: [v for v in voices if cross_lingual or v.lang in (None, lang)] for lang in languages}
    mute = [lang for lang, group in speaking.items() if not group]
    if mute:
        raise InputError(
            f"No voice speaks {' or '.join(mute)}",
            wanted="a voice with that `lang`, or with none, for every language of the texts",
            got=", ".join(f"{voice.voice} ({voice.lang})" for voice in voices[:10]),
            mend="add such a voice, or pass --cross-lingual to let every voice speak every language",
        )
    return speaking


def pair_texts(
    texts: Sequence[CorpusText],
    voices: Mapping[str, Sequence[VoiceRow]],
    pace: SecondsACharacter,
    *,
    sound_s: float,
    spread: Spread,
    seed: int,
) -> Iterator[Pair]:
    """Pairs that come to `sound_s` seconds, as many of each language and inside it of each speaker.

    A text is said again, by another speaker, once all have been said; the same arguments give the same pairs.

    Raises:
        InputError: even said by every speaker the texts do not last that long.
    """
    by_language: dict[str, list[CorpusText]] = defaultdict(list)
    for text in texts:
        by_language[text.lang].append(text)
    for lang, group in sorted(by_language.items()):
        budget_s = sound_s / len(by_language)
        yield from _pair_language(lang, group, voices[lang], pace, budget_s, spread, seed)


def _pair_language(
    lang: str,
    texts: list[CorpusText],
    voices: Sequence[VoiceRow],
    pace: SecondsACharacter,
    budget_s: float,
    spread: Spread,
    seed: int,
) -> Iterator[Pair]:
    named: dict[str, list[str]] = defaultdict(list)
    for voice in voices:
        named[speaker_of(voice)].append(voice.voice)
    speakers = [_Speaker(name, names) for name, names in sorted(named.items())]
    random.Random(f"{seed} {lang}").shuffle(speakers)
    heap = [(0.0, place, speaker) for place, speaker in enumerate(speakers)]
    total_s, numbers = 0.0, count()
    for turn in range(len(speakers)):
        order = random.Random(f"{seed} {lang} {turn}").sample(texts, len(texts))
        for text in order:
            if total_s >= budget_s:
                return
            _, place, speaker = _least_heard(heap, text)
            speed, semitones, prosody = spread.draw(f"{seed} {lang} {next(numbers)}")
            name = speaker.next_voice()
            seconds = pace.of(text) / speed
            speaker.spoken_s, speaker.n_rows = speaker.spoken_s + seconds, speaker.n_rows + 1
            speaker.said.add(text.text)
            heapq.heappush(heap, (speaker.spoken_s, place, speaker))
            total_s += seconds
            yield Pair(
                text=text, voice=name, speaker=speaker.name, speed=speed, pitch_semitones=semitones, prosody=prosody
            )
    if total_s < budget_s:
        raise InputError(
            f"The {len(texts)} texts in {lang} do not last that long",
            wanted=f"{budget_s / 3600:.2f} h of {lang}",
            got=f"{total_s / 3600:.2f} h when each is said once by each of {len(speakers)} speakers",
            mend="add texts or speakers, or ask for fewer --hours",
        )


def _least_heard(heap: list[tuple[float, int, _Speaker]], text: CorpusText) -> tuple[float, int, _Speaker]:
    """The entry of who has spoken least and has not said this text; taken from the heap."""
    passed = []
    while True:
        entry = heapq.heappop(heap)
        if text.text not in entry[2].said:
            break
        passed.append(entry)
    for other in passed:
        heapq.heappush(heap, other)
    return entry
