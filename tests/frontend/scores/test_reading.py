"""Readers of scores: one tune is the same from every format; details of each format; hostile files."""

import io
import json
import zipfile

import pytest

from hierbatch.errors import TextError
from hierbatch.frontend.scores.compressed_musicxml import read_compressed_musicxml
from hierbatch.frontend.scores.diffsinger import read_diffsinger
from hierbatch.frontend.scores.midi import read_midi
from hierbatch.frontend.scores.musicxml import read_musicxml
from hierbatch.frontend.scores.note_list import read_note_list
from hierbatch.frontend.scores.openutau import read_openutau
from hierbatch.frontend.scores.reading import SCORE_READERS, read_score
from hierbatch.frontend.scores.score import MusicScore, Note
from tests.frontend.scores.made_scores import (
    NOTE_LIST,
    OPENUTAU,
    TUNE,
    compressed,
    midi_file,
    musicxml_note,
    musicxml_score,
    musicxml_tune,
)


def diffsinger(texts=("Twin- kle star SP", "high")) -> bytes:
    """The tune in two phrases, with a slur and a rest."""
    first = {"offset": 0.0, "note_seq": "C4 G4 A4 G4 rest", "note_dur": "0.5 0.5 1.0 0.5 0.5", "note_slur": "0 0 0 1 0"}
    last = {"offset": 3.0, "note_seq": "E4", "note_dur": "1.0"}
    phrases = [{**phrase, "text": text} for phrase, text in zip((first, last), texts, strict=True)]
    return json.dumps(phrases).encode()


def as_rows(score: MusicScore) -> list[tuple[float, float, float, str]]:
    return [(round(n.onset_s, 4), round(n.duration_s, 4), n.pitch, n.lyric) for n in score.notes]


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".mid", midi_file()),
        (".kar", midi_file()),
        (".musicxml", musicxml_tune()),
        (".mxl", compressed(musicxml_tune())),
        (".csv", NOTE_LIST),
        (".ustx", OPENUTAU),
        (".ds", diffsinger()),
        (".ds", diffsinger(texts=["Twin- kle star", "high"])),
    ],
)
def test_one_tune_is_the_same_from_every_format(tmp_path, suffix, content):
    path = tmp_path / f"노래{suffix}"
    path.write_bytes(content)
    assert as_rows(read_score(path)) == list(TUNE)


@pytest.mark.parametrize("charset", ["utf8", "cp949"])
def test_korean_lyrics_of_midi_are_decoded_in_either_charset(charset):
    lyrics = ["아-", "리-", "랑", "", "고"]
    assert [n.lyric for n in read_midi(midi_file(charset=charset, lyrics=lyrics)).notes] == [
        "아-",
        "리-",
        "랑",
        "-",
        "고",
    ]


def test_karaoke_texts_join_syllables_that_have_no_space_before_them():
    lyrics = ["\\Twin", "kle", " star", " so", " high"]
    tune = [(float(i), 1.0, 60.0 + i, "x") for i in range(5)]
    score = read_midi(midi_file(tune, lyric_type="text", lyrics=lyrics))
    assert [n.lyric for n in score.notes] == ["Twin-", "kle", "star", "so", "high"]


def test_tempo_changes_of_midi_move_later_notes():
    import mido

    file = mido.MidiFile(ticks_per_beat=100)
    file.tracks.append(
        mido.MidiTrack(
            [
                mido.MetaMessage("lyrics", text="la"),
                mido.Message("note_on", note=60, velocity=9),
                mido.Message("note_off", note=60, time=100),
                mido.MetaMessage("set_tempo", tempo=1_000_000),
                mido.Message("note_on", note=62, velocity=9, time=100),
                mido.Message("note_off", note=62, time=100),
            ]
        )
    )
    content = io.BytesIO()
    file.save(file=content)
    assert as_rows(read_midi(content.getvalue())) == [(0, 0.5, 60, "la"), (1.5, 1.0, 62, "-")]


def test_ties_join_notes_and_slurred_notes_hold_the_vowel():
    tie = '<tie type="{}"/>'
    score = musicxml_score(
        musicxml_note("C", 4, "long", extra=tie.format("start")),
        musicxml_note("C", 2, extra=tie.format("stop")) + musicxml_note("D", 2),
    )
    assert as_rows(read_musicxml(score)) == [(0, 1.5, 60, "long"), (1.5, 0.5, 62, "-")]


def test_repeats_with_endings_take_the_next_verse():
    verse = "<note><pitch><step>{}</step><octave>4</octave></pitch><duration>2</duration><voice>1</voice>{}</note>"
    words = '<lyric number="1"><text>one</text></lyric><lyric number="2"><text>two</text></lyric>'
    first = '<barline location="left"><ending number="1" type="start"/></barline>'
    back = '<barline location="right"><ending number="1" type="stop"/><repeat direction="backward"/></barline>'
    second = '<barline location="left"><ending number="2" type="start"/></barline>'
    score = musicxml_score(
        verse.format("C", words),
        first + musicxml_note("D", 2, "first") + back,
        second + musicxml_note("E", 2, "last"),
    )
    sung = read_musicxml(score).notes
    assert [(n.pitch, n.lyric) for n in sung] == [(60, "one"), (62, "first"), (60, "two"), (64, "last")]
    assert [n.onset_s for n in sung] == [0, 0.5, 1.0, 1.5]


def test_musicxml_tempo_transposition_and_chords():
    before = '<direction><sound tempo="60"/></direction>'
    transposed = "<attributes><divisions>1</divisions><transpose><chromatic>-2</chromatic></transpose></attributes>"
    chord = musicxml_note("G", 1, extra="").replace("<note>", "<note><chord/>")
    score = musicxml_score(transposed + musicxml_note("C", 1, "la") + chord, before=before)
    assert as_rows(read_musicxml(score)) == [(0, 1.0, 65, "la")]


def test_lyrics_given_as_text_replace_those_of_the_score():
    score = read_note_list(NOTE_LIST).with_lyrics("a-rirang _ high")
    assert [n.lyric for n in score.notes] == ["a-", "rirang", "-", "high", "-"]
    with pytest.raises(TextError, match="more syllables"):
        score.with_lyrics("a b c d e f")
    for nothing in ("", "  ", "_ -"):
        with pytest.raises(TextError, match="no syllables"):
            score.with_lyrics(nothing)


def test_beats_count_by_the_tempo_and_rests_are_silent():
    score = read_note_list(b"pitch,beats,lyric,tempo_bpm\nBb3,1,la,60\nrest,2,,\nF#5,0.5,li,\n")
    assert as_rows(score) == [(0, 1, 58, "la"), (3, 0.5, 78, "li")]


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ([], "no notes"),
        ([Note(0, 0, 60, "la")], "unusable duration"),
        ([Note(0, float("nan"), 60, "la")], "too long|unusable"),
        ([Note(-1, 1, 60, "la")], "before the beginning"),
        ([Note(0, 1, 200, "la")], "too low or too high"),
        ([Note(0, 1, 60, "la"), Note(0.2, 1, 64, "la")], "sound at once"),
        ([Note(5000, 1, 60, "la")], "too long"),
    ],
)
def test_scores_that_cannot_be_sung_are_refused(notes, message):
    with pytest.raises(TextError, match=message):
        MusicScore.from_notes(notes)


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tune.xml", b"<a>" + b" " * (40 << 20))
    return packed.getvalue()


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">
<!ENTITY c SYSTEM "file:///etc/passwd">]><score-partwise><part><measure><note><pitch><step>C</step><octave>4</octave>
</pitch><duration>1</duration><lyric><text>&b;&c;</text></lyric></note></measure></part></score-partwise>"""


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".mid", b""),
        (".mid", b"MThd\0\0\0\6\0\1\0\1\0\0"),
        (".mid", midi_file()[:60]),
        (".mid", b"MThd" + b"\xff" * 500),
        (".mxl", b"PK\3\4"),
        (".mxl", bomb()),
        (".mxl", compressed(b"<broken")),
        (".musicxml", b"<html/>"),
        (".musicxml", b"\0\1\2"),
        (".musicxml", musicxml_score(musicxml_note("H", 2, "la"))),
        (".musicxml", musicxml_score(musicxml_note("C", "nan", "la"))),
        (".musicxml", musicxml_score(musicxml_note("C", 0, "la"))),
        (".csv", b"a,b\n1,2\n"),
        (".csv", b"pitch,duration_s,lyric\nC4,x,la\n"),
        (".csv", b"\xff\xfe\0"),
        (".csv", b"pitch,beats,lyric,tempo_bpm\nC4,1,la,0\n"),
        (".ustx", b"a: &a [*a]"),
        (".ustx", b"voice_parts: [{notes: [{position: x}]}]"),
        (".ustx", b"\0"),
        (".ds", b"[" * 100_000),
        (".ds", b'[{"note_seq": 5}]'),
        (".ds", diffsinger(texts=["Twin- kle", "high"])),
        (".ds", b'{"note_seq": "C4", "note_dur": "inf", "text": "la"}'),
        (".txt", b"la la"),
    ],
)
def test_damaged_and_hostile_scores_end_with_one_sentence(tmp_path, suffix, content):
    path = tmp_path / f"score{suffix}"
    path.write_bytes(content)
    with pytest.raises(TextError) as found:
        read_score(path)
    assert "Traceback" not in str(found.value)
    assert len(str(found.value)) < 500


def test_entities_are_not_expanded():
    assert [note.lyric for note in read_musicxml(ENTITIES).notes] == ["-"]


def test_repeats_without_end_are_refused():
    forever = '<barline><repeat direction="backward" times="20"/></barline>'
    measures = [musicxml_note("C", 2, "la") + forever] * 2000
    with pytest.raises(TextError, match="repeats"):
        read_musicxml(musicxml_score(*measures))


def test_a_missing_score_and_an_unknown_format_are_named(tmp_path):
    with pytest.raises(TextError, match="does not exist"):
        read_score(tmp_path / "none.mid")
    assert set(SCORE_READERS) >= {".mid", ".musicxml", ".mxl", ".ustx", ".csv"}
    assert as_rows(read_openutau(OPENUTAU)) == as_rows(read_compressed_musicxml(compressed(musicxml_tune())))


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ("<measure/>" * 20_001, "measures"),
        ("<measure>" + "<note/>" * 100_001 + "</measure>", "notes"),
        ("<a/>" * 2_000_001, "elements"),
        # Tied notes do not make the song longer, however often they are played.
        ("<measure>" + musicxml_note("C", 0, extra='<tie type="stop"/>') * 30_000
         + '<barline><repeat direction="backward" times="20"/></barline></measure>',
         "repeats"),
    ],
)  # fmt: skip
def test_scores_out_of_all_proportion_are_refused(measure, message):
    content = f"<score-partwise><part>{measure}</part></score-partwise>".encode()
    with pytest.raises(TextError, match=message):
        read_musicxml(content)


@pytest.mark.parametrize("number", ["²", "9" * 5000, "1 " + " ".join(map(str, range(2, 30_000)))])
def test_odd_numbers_of_verses_and_endings_cost_nothing(number):
    note = musicxml_note("C", 2, "la").replace("<lyric>", f'<lyric number="{number}">')
    ending = f'<barline><ending number="{number}" type="start"/><repeat direction="backward"/></barline>'
    notes = read_musicxml(musicxml_score(note + ending)).notes
    assert {each.lyric for each in notes} == {"la"}
    assert len(notes) <= 1000


@pytest.mark.parametrize("content", ["a: " + "[" * 300_000, "- " * 100_000 + "a", "a: " + "{a: " * 900])
def test_deep_projects_are_refused_at_once(content):
    with pytest.raises(TextError, match="levels"):
        read_openutau(content.encode())


@pytest.mark.parametrize("separator", [";", "\t"])
def test_note_lists_of_spreadsheets_are_read_whatever_their_separator_and_capitals(separator):
    text = "Onset_s,DURATION_S, pitch ,Lyric\n0,1,C4,la\n".replace(",", separator)
    assert as_rows(read_note_list(text.encode())) == [(0.0, 1.0, 60.0, "la")]


@pytest.mark.parametrize("duration", ["0x" + "f" * 5000, ".inf"])
def test_numbers_of_a_project_beyond_all_limits_are_refused(duration):
    note = f"  - {{position: 0, duration: {duration}, tone: 60, lyric: la}}"
    with pytest.raises(TextError):
        read_openutau(f"voice_parts:\n- notes:\n{note}\n".encode())


def test_a_note_without_a_lyric_is_held():
    note = "  - {position: 0, duration: 480, tone: 60, lyric: null}"
    assert read_openutau(f"voice_parts:\n- notes:\n{note}\n".encode()).notes[0].is_held


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '[{"note_seq": 1}]',
        '[{"note_seq": "C4", "note_dur": "1", "text": "a", "offset": ' + "9" * 400 + "}]",
    ],
)
def test_damaged_scripts_are_refused(content):
    with pytest.raises(TextError):
        read_diffsinger(content.encode())
