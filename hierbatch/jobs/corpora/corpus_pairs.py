"""Assignment of texts to voices for a corpus, balanced over languages and speakers, with varied speed and pitch."""

from __future__ import annotations

import heapq
import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hierbatch.errors import InputError
from hierbatch.jobs.corpora.corpus_texts import CorpusText, SecondsPerCharacter
from hierbatch.manifest.voices.speakers import speaker_of
from hierbatch.manifest.voices.voices import VoiceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Ranges of speed, pitch and prosody in a corpus; values are drawn uniformly, those of speed on a log scale."""

    speed: tuple[float, float] = (0.9, 1.12)
    """Scale factor for the speaking rate."""
    pitch_semitones: tuple[float, float] = (-1.5, 1.5)
    """Pitch shift in semitones."""
    prosody: tuple[float, float] = (0.8, 1.25)
    """Scale factor for the variation of pitch."""

    def __post_init__(self) -> None:
        limits = {"speed": (0.5, 2.0), "pitch_semitones": (-12.0, 12.0), "prosody": (0.0, 2.0)}
        for name, (lowest, highest) in limits.items():
            low, high = getattr(self, name)
            if not lowest <= low <= high <= highest:
                wanted = f"two numbers from {lowest:g} to {highest:g}, the smaller first"
                raise InputError(
                    f"The spread of {name} is out of range",
                    expected=wanted,
                    got=f"{low:g},{high:g}",
                    fix="correct the range",
                )

    def sample(self, seed: str) -> tuple[float, float, float]:
        """Draw the speed, pitch shift and prosody of one row, rounded so that tables are easy to read."""
        rng = random.Random(seed)
        low, high = map(math.log, self.speed)
        speed = math.exp(rng.uniform(low, high))
        return round(speed, 3), round(rng.uniform(*self.pitch_semitones), 2), round(rng.uniform(*self.prosody), 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A planned row: a text, its voice, and its speed, pitch and prosody."""

    text: CorpusText
    voice: str
    speaker: str
    speed: float
    pitch_semitones: float
    prosody: float


@dataclass(slots=True)
class _Speaker:
    """State of one speaker while texts are assigned."""

    name: str
    voices: list[str]
    assigned_s: float = 0.0
    n_rows: int = 0
    texts: set[str] = field(default_factory=set)

    def next_voice(self) -> str:
        """Voice of the speaker for the next row; the voices are used in turn."""
        return self.voices[self.n_rows % len(self.voices)]


def choose_speakers(voices: Sequence[VoiceRow], n_speakers: int | None, seed: int) -> list[VoiceRow]:
    """Draw speakers, alternating between languages, and return their voices; all voices if `n_speakers` is None.

    Raises:
        InputError: `n_speakers` is below 1 or above the number of speakers.
    """
    languages: dict[str, list[str]] = defaultdict(list)
    for speaker, language in sorted({speaker_of(voice): voice.language or "" for voice in voices}.items()):
        languages[language].append(speaker)
    n_known = sum(map(len, languages.values()))
    if n_speakers is None:
        return list(voices)
    if not 1 <= n_speakers <= n_known:
        raise InputError(
            f"There are not {n_speakers} speakers in the voice table",
            expected=f"1 to {n_known}" if n_known > 1 else "1",
            got=str(n_speakers),
            fix="add voices of other speakers, or change --speakers",
        )
    for language, group in languages.items():
        random.Random(f"{seed} {language}").shuffle(group)
    ranked = sorted((rank, language, name) for language, group in languages.items() for rank, name in enumerate(group))
    chosen = {name for _, _, name in ranked[:n_speakers]}
    return [voice for voice in voices if speaker_of(voice) in chosen]


def voices_by_language(
    voices: Sequence[VoiceRow], languages: Sequence[str], *, cross_lingual: bool
) -> dict[str, list[VoiceRow]]:
    """Voices that can be assigned to texts of each language, keyed by language.

    These are the voices of that language or without a language, or all voices if `cross_lingual` is set.

    Raises:
        InputError: a language has no voice.
    """
    by_language = {
        language: [v for v in voices if cross_lingual or v.language in (None, language)] for language in languages
    }
    without_voice = [language for language, group in by_language.items() if not group]
    if without_voice:
        raise InputError(
            f"No voice speaks {' or '.join(without_voice)}",
            expected="for every language of the texts, a voice with that `language` or without one",
            got=", ".join(f"{voice.voice} ({voice.language})" for voice in voices[:10]),
            fix="add such a voice, or pass --cross-lingual to let every voice speak every language",
        )
    return by_language


def pair_texts(
    texts: Sequence[CorpusText],
    voices: Mapping[str, Sequence[VoiceRow]],
    pace: SecondsPerCharacter,
    *,
    spread: Spread,
    seed: int,
    sound_s: float | None = None,
    n_rows: int | None = None,
) -> Iterator[Pair]:
    """Assign texts to voices until a duration or a number of rows is reached.

    Languages get equal shares of the duration and of the rows, and the speakers of a language get similar durations.
    Once all texts are assigned, they are used again, by other speakers. Equal arguments result in equal pairs.

    Args:
        texts: sentences.
        voices: voices by language.
        pace: expected durations.
        spread: ranges of speed, pitch and prosody.
        seed: seed of all random choices.
        sound_s: total duration of the corpus, in seconds; None for no limit.
        n_rows: total number of rows; None for no limit.

    Raises:
        InputError: there are too few texts, even if every speaker reads all of them.
    """
    by_language: dict[str, list[CorpusText]] = defaultdict(list)
    for text in texts:
        by_language[text.language].append(text)
    n_languages = len(by_language)
    for number, (language, group) in enumerate(sorted(by_language.items())):
        budget = _Budget(
            math.inf if sound_s is None else sound_s / n_languages,
            math.inf if n_rows is None else n_rows // n_languages + (number < n_rows % n_languages),
        )
        yield from _pair_language(language, group, voices[language], pace, budget, spread, seed)


@dataclass(frozen=True, slots=True)
class _Budget:
    """Seconds and rows wanted in one language; assignment stops when either is reached."""

    sound_s: float
    n_rows: float

    def is_reached(self, sound_s: float, n_rows: int) -> bool:
        return sound_s >= self.sound_s or n_rows >= self.n_rows

    def format(self, sound_s: float, n_rows: int) -> str:
        return f"{n_rows} rows" if math.isinf(self.sound_s) else f"{sound_s / 3600:.2f} h"


def _pair_language(
    language: str,
    texts: list[CorpusText],
    voices: Sequence[VoiceRow],
    pace: SecondsPerCharacter,
    budget: _Budget,
    spread: Spread,
    seed: int,
) -> Iterator[Pair]:
    voices_by_speaker: dict[str, list[str]] = defaultdict(list)
    for voice in voices:
        voices_by_speaker[speaker_of(voice)].append(voice.voice)
    speakers = [_Speaker(name, names) for name, names in sorted(voices_by_speaker.items())]
    random.Random(f"{seed} {language}").shuffle(speakers)
    heap = [(0.0, index, speaker) for index, speaker in enumerate(speakers)]
    total_s, n_rows = 0.0, 0
    for turn in range(len(speakers)):
        shuffled = random.Random(f"{seed} {language} {turn}").sample(texts, len(texts))
        for text in shuffled:
            if budget.is_reached(total_s, n_rows):
                return
            _, index, speaker = _pop_next_speaker(heap, text)
            speed, semitones, prosody = spread.sample(f"{seed} {language} {n_rows}")
            name = speaker.next_voice()
            duration_s = pace.estimate_s(text) / speed
            speaker.assigned_s, speaker.n_rows = speaker.assigned_s + duration_s, speaker.n_rows + 1
            speaker.texts.add(text.text)
            heapq.heappush(heap, (speaker.assigned_s, index, speaker))
            total_s, n_rows = total_s + duration_s, n_rows + 1
            yield Pair(
                text=text, voice=name, speaker=speaker.name, speed=speed, pitch_semitones=semitones, prosody=prosody
            )
    if not budget.is_reached(total_s, n_rows):
        raise _too_few_texts(language, len(texts), len(speakers), budget, budget.format(total_s, n_rows))


def _too_few_texts(language: str, n_texts: int, n_speakers: int, budget: _Budget, reached: str) -> InputError:
    is_counted = math.isinf(budget.sound_s)
    expected = f"{budget.n_rows:.0f} rows" if is_counted else f"{budget.sound_s / 3600:.2f} h"
    return InputError(
        f"The {n_texts} texts in {language} are too few",
        expected=f"texts for {expected} of {language}",
        got=f"{reached} if each is read once by each of {n_speakers} speakers",
        fix=f"add texts or speakers, or ask for fewer --{'rows' if is_counted else 'hours'}",
    )


def _pop_next_speaker(heap: list[tuple[float, int, _Speaker]], text: CorpusText) -> tuple[float, int, _Speaker]:
    """Pop the entry of the speaker with the least assigned audio among the speakers without this text."""
    skipped = []
    while True:
        entry = heapq.heappop(heap)
        if text.text not in entry[2].texts:
            break
        skipped.append(entry)
    for other in skipped:
        heapq.heappush(heap, other)
    return entry
