"""Words of a run to check. A correction is added to the run's lexicon, and the rows with the word get new takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hierbatch.desk.book_view import book_title
from hierbatch.desk.run_view import RunState
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import HierbatchError, InputError, RunError
from hierbatch.frontend.doubtful_words import REASONS, DoubtfulWord, find_doubtful_words
from hierbatch.frontend.lexicon import COLUMNS, Lexicon, LexiconEntry, read_entry
from hierbatch.jobs.books.book_lexicon import write_lexicon
from hierbatch.jobs.recorded_run import recorded_front_ends
from hierbatch.manifest.decisions.row_edits import RowEdit
from hierbatch.manifest.decisions.take_requests import TakeRequest
from hierbatch.stages.text import FrontEnds

MAX_CHARACTERS = 100
_TEXTS = ("id", "text", "language", "phonemes", "voice", "speed", "book")


@dataclass(slots=True)
class ListedWord:
    """Word to check, with its phonemes and the first row that contains it."""

    found: DoubtfulWord
    row: str
    phonemes: str


class WordList:
    """Words of a run to check; computed once per generation, since a long book takes seconds."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._generation = 0
        self._words: list[ListedWord] = []

    def words(self, state: RunState) -> list[dict[str, Any]]:
        """Words with counts, reasons, phonemes, first sentence, correction, and the progress of new takes.

        Raises:
            RunError: the run does not synthesize texts, or its lexicon has changed.
        """
        with self._lock:
            if self._generation != state.takes.generation:
                self._words, self._generation = self._find(state), state.takes.generation
        corrected = {(entry.word, entry.language): entry.pronunciation for entry in self._corrections()}
        progress = _progress(state)
        return [
            {
                "word": word.found.word,
                "language": word.found.language,
                "reason": word.found.reason,
                "meaning": REASONS[word.found.reason],
                "count": word.found.n_occurrences,
                "sentence": word.found.sentence,
                "row": word.row,
                "phonemes": word.phonemes,
                "pronunciation": corrected.get((word.found.word, word.found.language), ""),
                "n_spoken": progress.get(word.found.word, (0, 0))[0],
                "n_requested": progress.get(word.found.word, (0, 0))[1],
            }
            for word in self._words
        ]

    def correct(self, state: RunState, wanted: Mapping[str, Any], who: str) -> list[TakeRequest]:
        """Write the pronunciation of a word to the lexicon of the run; an empty pronunciation removes the word.

        Args:
            state: snapshot of the run.
            wanted: values sent by the page: `word`, `language` and `pronunciation`, which is in slashes if it is IPA.
            who: name of the reviewer.

        Returns:
            Requests for new takes of the rows whose phonemes change.

        Raises:
            InputError: a value is missing or too long, or the pronunciation cannot be spoken.
            RunError: the run does not synthesize texts, or its lexicon has changed.
            StorageError: the disk is full.
        """
        entry = _entry(wanted, book_title(state))
        with self._lock:
            others = [
                each for each in self._corrections() if (each.word, each.language) != (entry.word, entry.language)
            ]
            self._check(entry)
            kept = [*others, entry] if entry.pronunciation else others
            rows = [{name: getattr(each, name) for name in COLUMNS} for each in kept]
            write_lexicon(rows, self._folder.corrected_lexicon)
            front_ends = recorded_front_ends(self._folder)
            for word in self._words:
                if (word.found.word, word.found.language) == (entry.word, entry.language):
                    word.phonemes = _phonemes(front_ends, entry.scope, word.found.word, word.found.language)
        requests = list(_requests(state, entry, front_ends, who))
        return sorted(requests, key=lambda request: request.id not in state.facts)  # those that can be played first

    def _corrections(self) -> Sequence[LexiconEntry]:
        path = self._folder.corrected_lexicon
        return Lexicon.read(path).entries if path.exists() else ()

    def _check(self, entry: LexiconEntry) -> None:
        """Check that the front end accepts the entry; raises InputError."""
        if not entry.pronunciation:
            return
        try:
            recorded_front_ends(self._folder, [entry])(entry.scope).phonemize(entry.word, entry.language)
        except InputError:
            raise
        except HierbatchError as error:
            raise InputError("The pronunciation cannot be spoken", got=str(error), fix="change it") from error

    def _find(self, state: RunState) -> list[ListedWord]:
        rows = [row for row in _texts(state) if row["text"]]
        if not rows:
            raise RunError("The run has no texts", expected="a run of texts", fix="review its takes in the table")
        front_ends, title = recorded_front_ends(self._folder), book_title(state)
        first = {row["text"]: row["id"] for row in reversed(rows)}
        return [
            ListedWord(word, first[word.sentence], _phonemes(front_ends, title, word.word, word.language))
            for word in find_doubtful_words(row["text"] for row in rows)
        ]


def _entry(wanted: Mapping[str, Any], scope: str) -> LexiconEntry:
    values = {name: wanted.get(name) for name in ("word", "language", "pronunciation")}
    if not all(isinstance(value, str) and len(value) <= MAX_CHARACTERS for value in values.values()):
        raise InputError(
            "The correction is not a word with its pronunciation",
            expected=f"texts of at most {MAX_CHARACTERS} characters",
            fix="reload the page",
        )
    word, language, pronunciation = (str(value).strip() for value in values.values())
    if pronunciation and not any(character.isalpha() for character in pronunciation):
        raise InputError("The pronunciation has no letters", got=pronunciation, fix="write the word as it sounds")
    if not word:
        raise InputError("The correction names no word", fix="reload the page")
    is_ipa = len(pronunciation) > 1 and pronunciation[0] == pronunciation[-1] == "/"
    row = {
        "word": word,
        "pronunciation": pronunciation.strip("/ ") if is_ipa else pronunciation,
        "kind": "ipa" if is_ipa else "respelling",
        "language": language,
        "scope": scope,
    }
    if pronunciation:
        return read_entry(row)
    return LexiconEntry(word=word, pronunciation="", kind=row["kind"], language=language, scope=scope)


def _texts(state: RunState) -> Iterator[dict[str, Any]]:
    names = [name for name in _TEXTS if name in state.takes.plan_schema.names]
    for batch in state.takes.planned(names).to_batches(max_chunksize=4096):
        for row in batch.to_pylist():
            yield {name: row.get(name) for name in _TEXTS}


def _phonemes(front_ends: FrontEnds, scope: str, word: str, language: str) -> str:
    try:
        return front_ends(scope).phonemize(word, language).phonemes
    except HierbatchError:  # a word that cannot be spoken alone
        return ""


def _requests(state: RunState, entry: LexiconEntry, front_ends: FrontEnds, who: str) -> Iterator[TakeRequest]:
    """Yield requests for the rows whose phonemes the entry changes, with their other values as planned."""
    own = {take for found in state.requests.values() if _has_own_phonemes(found.request) for take in found.takes}
    holds = Lexicon([LexiconEntry(**{**asdict(entry), "pronunciation": entry.word, "kind": "respelling"})])
    for row in _texts(state):
        if not row["text"] or row["language"] != entry.language or (entry.scope and row["book"] != entry.scope):
            continue
        fact = state.facts.get(row["id"])
        if not holds.mark(row["text"], entry.language).entries or (fact and (fact["take_key"], fact["attempt"]) in own):
            continue
        phonemes = _phonemes(front_ends, row["book"] or "", row["text"], row["language"])
        if phonemes and phonemes != row["phonemes"]:
            edit = RowEdit(text=row["text"], phonemes=phonemes, voice=row["voice"], speed=row["speed"])
            yield TakeRequest(id=row["id"], edit=edit, corrected_word=entry.word, who=who)


def _has_own_phonemes(request: TakeRequest) -> bool:
    """True if a reviewer wrote the phonemes of the request, which a lexicon entry does not replace."""
    return request.edit.phonemes is not None and request.corrected_word is None


def _progress(state: RunState) -> dict[str, tuple[int, int]]:
    """Number of rows with new takes and number of rows requested, by corrected word."""
    newest = {
        (found.request.corrected_word, found.request.id): found
        for found in state.requests.values()
        if found.request.corrected_word is not None
    }
    progress: dict[str, tuple[int, int]] = {}
    for (word, _), found in newest.items():
        n_spoken, n_requested = progress.get(word or "", (0, 0))
        progress[word or ""] = n_spoken + (not state.is_open(found)), n_requested + 1
    return progress
