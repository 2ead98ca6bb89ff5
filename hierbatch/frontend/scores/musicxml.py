"""MusicXML (.musicxml, .xml) by lxml: the part and voice that have lyrics, with repeats played out.

On the n-th pass through a repeat, notes take their n-th verse if they have one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lxml import etree

from hierbatch.errors import TextError
from hierbatch.frontend.scores.playing_order import MAX_MEASURES, RepeatMarks, playing_order
from hierbatch.frontend.scores.score import HOLD, HYPHEN, MAX_NOTES, NEXT_SYLLABLE, MusicScore, Note

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_BEATS = {"breve": 8.0, "whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "16th": 0.25, "32nd": 0.125}
_DEFAULT_BPM = 120.0
_MAX_TAGS = 2_000_000
"""Maximum number of opening and closing tags in a file; a full score has many more than its sung part."""
_MAX_WRITTEN_NOTES = 100_000
"""Maximum number of notes and rests in all voices of the sung part."""
_MAX_PLAYED_NOTES = 400_000
"""Maximum number of played notes, repeats included, before ties are joined."""
FIX = "export it again as MusicXML"


@dataclass(frozen=True, slots=True)
class _Sung:
    """One written note inside its measure; times in quarter notes from the start of the measure."""

    start: float
    beats: float
    pitch: float | None
    """None for a rest."""
    verses: dict[int, str]
    continues_tie: bool
    voice: str


def read_musicxml(content: bytes) -> MusicScore:
    """Read an uncompressed MusicXML file.

    Raises:
        TextError: the file is not MusicXML or is damaged, or its score cannot be sung.
    """
    root = parse_xml(content)
    if root.tag != "score-partwise":
        raise TextError("The file is not a MusicXML score", expected="score-partwise", got=str(root.tag)[:40], fix=FIX)
    parts = root.findall("part")
    if not parts:
        raise TextError("The MusicXML score has no part", expected="one sung part", fix=FIX)
    sung = max(parts, key=lambda element: sum(1 for _ in element.iter("lyric")))  # the first of several
    try:
        return MusicScore.from_notes(_play(sung))
    except (ValueError, KeyError, ZeroDivisionError, OverflowError) as error:
        raise TextError(
            "The MusicXML score has an invalid value", expected="numbers, and steps A to G", got=str(error)[:80],
            fix=FIX,
        ) from error  # fmt: skip


def parse_xml(content: bytes) -> etree._Element:
    """Parse a file of limited size; entities are neither expanded nor loaded.

    Raises:
        TextError: the file has too many elements, or is not well-formed.
    """
    if content.count(b"<") > _MAX_TAGS:
        raise TextError(
            "The score has too many elements", expected=f"at most {_MAX_TAGS:,} tags", got="more",
            fix="export the sung part alone",
        )  # fmt: skip
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise TextError(
            "The score is not well-formed XML", expected="a MusicXML file", got=str(error)[:80], fix=FIX
        ) from error


def _play(part_element: etree._Element) -> list[Note]:
    """Notes of a part in the order of playing, ties joined."""
    reader = _MeasureReader()
    measures = [reader.read(measure) for measure in _measures(part_element)]
    voice = _sung_voice([note for written in reader.notes for note in written])
    melody = [[sung for sung in written if sung.voice == voice and sung.pitch is not None] for written in reader.notes]
    notes: list[Note] = []
    clock_s, n_played = 0.0, 0
    for index, pass_number in playing_order(measures):
        per_beat_s = 60.0 / reader.bpm[index]
        n_played += len(melody[index])
        if len(notes) > MAX_NOTES:
            break  # the check of the score reports the length
        if n_played > _MAX_PLAYED_NOTES:
            raise TextError(
                "The repeats of the score make it too long", expected=f"at most {_MAX_PLAYED_NOTES:,} notes",
                fix="write the repeats out, or shorten the score",
            )  # fmt: skip
        for sung in melody[index]:
            onset_s, duration_s = clock_s + sung.start * per_beat_s, sung.beats * per_beat_s
            if sung.continues_tie and notes and notes[-1].pitch == sung.pitch:
                last = notes[-1]
                notes[-1] = Note(last.onset_s, onset_s + duration_s - last.onset_s, last.pitch, last.lyric)
            else:
                lyric = sung.verses.get(pass_number) or sung.verses.get(1) or next(iter(sung.verses.values()), HOLD)
                notes.append(Note(onset_s, duration_s, sung.pitch or 0.0, lyric))
        clock_s += reader.beats[index] * per_beat_s
    return notes


def _measures(part_element: etree._Element) -> list[etree._Element]:
    """Measures of a part.

    Raises:
        TextError: the part is too long.
    """
    measures: list[etree._Element] = part_element.findall("measure")
    n_notes, n_measures = sum(1 for _ in part_element.iter("note")), len(measures)
    if n_notes > _MAX_WRITTEN_NOTES or n_measures > MAX_MEASURES:
        raise TextError(
            "The sung part of the score is too long",
            expected=f"at most {_MAX_WRITTEN_NOTES:,} notes and {MAX_MEASURES:,} measures",
            got=f"{n_notes:,} notes and {n_measures:,} measures",
            fix="split it into songs",
        )
    return measures


def _sung_voice(notes: list[_Sung]) -> str:
    counted = Counter(note.voice for note in notes if note.verses)
    return counted.most_common(1)[0][0] if counted else (notes[0].voice if notes else "1")


class _MeasureReader:
    """Reader of measures in order; divisions, tempo and transposition last until they change."""

    def __init__(self) -> None:
        self.notes: list[list[_Sung]] = []
        self.beats: list[float] = []
        """Length of each measure in quarter notes."""
        self.bpm: list[float] = []
        """Tempo of each measure, in quarter notes a minute; a change inside a measure counts for all of it."""
        self._divisions, self._bpm, self._semitones = 1.0, _DEFAULT_BPM, 0.0

    def read(self, measure: etree._Element) -> RepeatMarks:
        at = longest = chord_start = 0.0
        notes: list[_Sung] = []
        for child in measure:
            if child.tag == "attributes":
                self._read_attributes(child)
            elif child.tag in ("direction", "sound"):
                self._read_tempo(child)
            elif child.tag in ("backup", "forward"):
                at += self._beats(child) * (1 if child.tag == "forward" else -1)
            elif child.tag == "note" and child.find("grace") is None and child.find("cue") is None:
                beats = self._beats(child)
                if child.find("chord") is not None:
                    _keep_highest(notes, self._note(child, chord_start, beats))
                else:
                    notes.append(self._note(child, at, beats))
                    chord_start = at
                    at += beats
            longest = max(longest, at)
        self.notes.append(notes)
        self.beats.append(longest)
        self.bpm.append(self._bpm)
        return RepeatMarks.from_xml(measure)

    def _beats(self, element: etree._Element) -> float:
        beats = float(element.findtext("duration") or "0") / self._divisions
        if not 0 <= beats < 10_000:
            raise ValueError(f"a duration of {beats:g} quarter notes")
        return beats

    def _note(self, element: etree._Element, start: float, beats: float) -> _Sung:
        ties = {tie.get("type") for tie in element.findall("tie")}
        return _Sung(
            start=start,
            beats=beats,
            pitch=self._pitch(element.find("pitch")),
            verses=_verses(element),
            continues_tie="stop" in ties,
            voice=element.findtext("voice") or "1",
        )

    def _pitch(self, element: etree._Element | None) -> float | None:
        if element is None:
            return None
        step, octave = element.findtext("step") or "", int(element.findtext("octave") or "4")
        return _STEPS[step] + float(element.findtext("alter") or "0") + 12.0 * (octave + 1) + self._semitones

    def _read_attributes(self, element: etree._Element) -> None:
        divisions = element.findtext("divisions")
        if divisions:
            self._divisions = float(divisions)
        transpose = element.find("transpose")
        if transpose is not None:
            octaves = float(transpose.findtext("octave-change") or "0")
            self._semitones = float(transpose.findtext("chromatic") or "0") + 12.0 * octaves

    def _read_tempo(self, element: etree._Element) -> None:
        sound = element if element.tag == "sound" else element.find("sound")
        if sound is not None and sound.get("tempo"):
            self._bpm = float(sound.get("tempo", ""))
            return
        mark = element.find(".//metronome")
        unit, per_minute = (mark.findtext("beat-unit"), mark.findtext("per-minute")) if mark is not None else ("", "")
        if mark is not None and unit in _BEATS and per_minute and per_minute.strip().replace(".", "", 1).isdigit():
            dots = len(mark.findall("beat-unit-dot"))
            self._bpm = float(per_minute) * _BEATS[unit] * (2.0 - 0.5**dots)


def _keep_highest(notes: list[_Sung], added: _Sung) -> None:
    """Keep the higher of two notes of a chord, with the lyrics of either."""
    if not notes or added.pitch is None:
        return
    first = notes[-1]
    upper = added if first.pitch is None or added.pitch > first.pitch else first
    notes[-1] = _Sung(
        first.start, first.beats, upper.pitch, first.verses or added.verses, upper.continues_tie, first.voice
    )


def _verses(element: etree._Element) -> dict[int, str]:
    """Lyric of each verse in the notation of a score; verses are numbered from 1."""
    found: dict[int, str] = {}
    for number, lyric in enumerate(element.findall("lyric"), start=1):
        text = " ".join("".join(written.text or "" for written in lyric.findall("text")).split())
        if not text or text in (HOLD, "_"):
            continue
        joins = (lyric.findall("syllabic") or [lyric])[-1].text in ("begin", "middle")
        named = lyric.get("number", "")
        verse = int(named) if named.isdecimal() and len(named) < 4 else number
        found[verse] = text if text == NEXT_SYLLABLE or not joins else text.removesuffix(HYPHEN) + HYPHEN
    return found
