"""Phonemes of a sentence in which a reviewer has respelled one word."""

from __future__ import annotations

from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import HierbatchError, InputError
from hierbatch.frontend.lexicon import LexiconEntry
from hierbatch.jobs.recorded_run import recorded_front_ends


def respelled_phonemes(
    folder: RunFolder, language: str, *, text: str, word: str, respelling: str, book: str = ""
) -> str:
    """Phonemize a text with the front end of a run, with one word pronounced as respelled.

    Args:
        folder: the run.
        language: language of the row.
        text: text of the sentence.
        word: word of the text.
        respelling: pronunciation of the word in ordinary letters, as in a lexicon.
        book: title of the book; selects the lexicon entries of this scope.

    Raises:
        InputError: the text does not contain the word, or cannot be spoken.
        RunError: the run does not synthesize texts, or its lexicon has changed.
    """
    if word.casefold() not in text.casefold():
        raise InputError("The sentence does not contain the word", got=word[:60], fix="choose a word of the text")
    entry = LexiconEntry(word=word.strip(), pronunciation=respelling.strip(), kind="respelling", language=language)
    front_end = recorded_front_ends(folder, [entry])(book)
    try:
        return front_end.phonemize(text, language).phonemes
    except InputError:
        raise
    except HierbatchError as error:
        raise InputError("The sentence cannot be spoken", got=str(error), fix="change the respelling") from error
