"""Speakers of English quotations: verbs of speech, turn-taking, names inside of quotations, first-person narrators."""

from __future__ import annotations

from hierbatch.frontend.dialogue.book_dialogue import attribute_english
from hierbatch.frontend.dialogue.english_characters import find_characters

_INTRODUCTION = [
    "Mr. Thomas Gray was at home. He looked at the fire, and Mr. Gray took his hat.",
    "Mrs. Gray sat by the window. She had her book, and Mrs. Gray smiled at Anna.",
    "Miss Anna Gray came in; Anna looked at Tom, as they called him, and she laughed.",
]


def _speakers(*paragraphs: str) -> list[str | None]:
    dialogue = attribute_english([[*_INTRODUCTION, *paragraphs]])
    return [
        None if span.character is None else dialogue.characters[span.character].name
        for parts in dialogue.chapters[0]
        for span in parts
        if span.is_quote
    ]


def test_names_of_one_person_are_one_character_and_a_couple_are_two() -> None:
    characters = {alias: character for character in find_characters(_INTRODUCTION) for alias in character.aliases}
    assert characters["Mr. Gray"] is characters["Mr. Thomas Gray"]
    assert characters["Anna"] is characters["Miss Anna Gray"]
    assert characters["Mrs. Gray"] is not characters["Mr. Gray"]
    assert [characters[name].gender for name in ("Mr. Gray", "Mrs. Gray", "Anna")] == ["m", "f", "f"]


def test_a_verb_of_speech_names_the_speaker() -> None:
    assert _speakers("“Good morning,” said Anna.", "Mrs. Gray replied, “Good morning.”") == ["Anna", "Mrs. Gray"]


def test_a_pronoun_is_resolved_by_gender() -> None:
    assert _speakers("Mr. Gray turned to Anna.", "“Where is it?” he asked.") == ["Mr. Gray"]


def test_two_speakers_take_turns() -> None:
    turns = _speakers(
        "“Is it late?” asked Anna.",
        "“Very late,” said Mrs. Gray.",
        "“Then I must go.”",
        "“You must.”",
        "“Good night.”",
    )
    assert turns == ["Anna", "Mrs. Gray", "Anna", "Mrs. Gray", "Anna"]


def test_someone_spoken_to_by_name_does_not_speak_but_answers() -> None:
    assert _speakers("“Come here, Anna!” cried Mrs. Gray.", "“I am coming.”") == ["Mrs. Gray", "Anna"]


def test_a_first_person_narrator_is_named_by_others() -> None:
    narrated = [
        *(f"I walked {place} with Holmes, and I saw nothing; Holmes looked about." for place in ("home", "out", "on")),
        "“Well, Watson, what do you say?” asked Holmes.",
        "“Nothing at all,” said I.",
        "“My dear Watson, look again.”",
        "“I do look,” I answered.",
        "“And now, Watson?” said Holmes. “Dr. Watson, attend!”",
    ]
    dialogue = attribute_english([narrated])
    spans = [span for parts in dialogue.chapters[0] for span in parts if span.is_quote]
    names = [dialogue.characters[span.character].name for span in spans if span.character is not None]
    assert names[:4] == ["Holmes", names[1], "Holmes", names[1]]
    assert "Watson" in names[1]


def test_a_script_names_its_speakers() -> None:
    lines = ["ALICE: Who are you?", "HATTER: No room!", "ALICE: There is plenty.", "HATTER: Have some wine."]
    dialogue = attribute_english([lines])
    spans = [span for parts in dialogue.chapters[0] for span in parts if span.is_quote]
    assert [dialogue.characters[span.character].name for span in spans] == ["ALICE", "HATTER", "ALICE", "HATTER"]
    assert {span.confidence for span in spans} == {1.0}


def test_a_person_without_a_name_speaks_under_a_noun() -> None:
    lines = [f"“It is {number}.” said the old man." for number in ("one", "two", "three")]
    dialogue = attribute_english([["Alice had come. Alice sat down.", *lines]])
    spans = [span for parts in dialogue.chapters[0] for span in parts if span.is_quote]
    assert {dialogue.characters[span.character].name for span in spans} == {"the old man"}


def test_the_wife_of_a_named_man_is_the_one_with_his_name() -> None:
    told = "Mr. Bennet was reading. Mr. Bennet smiled. Mrs. Bennet came in. Mrs. Bennet sat down."
    dialogue = attribute_english([[told, "“My dear,” said Bennet’s wife, “it is let.”"]])
    spans = [span for parts in dialogue.chapters[0] for span in parts if span.is_quote]
    assert {dialogue.characters[span.character].name for span in spans} == {"Mrs. Bennet"}


def test_relatives_of_pronouns_are_found_by_title_and_surname() -> None:
    told = [
        "Mr. Bennet sat down. Mr. Bennet was tired. Mrs. Bennet came. Elizabeth Bennet sewed. Miss Bennet was quiet."
    ]
    said = [
        "“My dear Mr. Bennet,” said his lady to him, “have you heard?”",
        "“I have not,” said Elizabeth.",
        "“Then listen,” cried her mother.",
    ]
    dialogue = attribute_english([[*told, *said]])
    names = [
        dialogue.characters[span.character].name
        for parts in dialogue.chapters[0]
        for span in parts
        if span.is_quote and span.character is not None
    ]
    assert names == ["Mrs. Bennet", "Mrs. Bennet", "Elizabeth Bennet", "Mrs. Bennet"]


def test_the_mother_of_a_daughter_without_a_surname_has_that_of_the_father_nearby() -> None:
    told = "Mr. Bennet looked up. Mr. Bingley was named. Mrs. Bennet came. Lizzy trimmed a hat. Lizzy smiled."
    said = "“We are not in a way to know what he likes,” said her mother resentfully."
    dialogue = attribute_english([[told, "“I hope he will like it, Lizzy,” said Mr. Bennet.", said]])
    spans = [span for parts in dialogue.chapters[0] for span in parts if span.is_quote]
    assert [dialogue.characters[span.character].name for span in spans] == ["Mr. Bennet", "Mrs. Bennet"]


def test_a_chapter_of_very_many_persons_takes_neither_quadratic_time_nor_memory() -> None:
    """A matrix of all pairs of persons for each quotation would take terabytes here."""
    syllables = [first + second for first in "bdfgklmnprst" for second in "aeiou"]
    names = [f"{one}{two}".capitalize() for one in syllables for two in syllables][:800]
    dialogue = attribute_english([[f'"Hello," said {name} Brown.' for name in names]])
    assert len(dialogue.characters) > 600
    spoken = [part for parts in dialogue.chapters[0] for part in parts if part.is_quote]
    assert len(spoken) == len(names)
