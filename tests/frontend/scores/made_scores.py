"""One tune in every format, written by other means than the readers."""

from __future__ import annotations

import io
import zipfile

import mido

TUNE = (
    (0.0, 0.5, 60.0, "Twin-"),
    (0.5, 0.5, 67.0, "kle"),
    (1.0, 1.0, 69.0, "star"),
    (2.0, 0.5, 67.0, "-"),
    (3.0, 1.0, 64.0, "high"),
)
"""Onset and duration in seconds at 120 quarter notes a minute, MIDI number and lyric; a rest before the last note."""


def midi_file(tune=TUNE, *, charset="utf8", lyric_type="lyrics", lyrics=None) -> bytes:
    file = mido.MidiFile(charset=charset, ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)]))
    file.tracks.append(track)
    texts = lyrics or [("" if lyric == "-" else lyric) for *_, lyric in tune]
    events = []
    for (onset_s, duration_s, pitch, _), text in zip(tune, texts, strict=True):
        start, end = round(onset_s * 960), round((onset_s + duration_s) * 960)
        if text:
            events.append((start, 1, mido.MetaMessage(lyric_type, text=text)))
        events.append((start, 2, mido.Message("note_on", note=round(pitch), velocity=90)))
        events.append((end, 0, mido.Message("note_off", note=round(pitch))))
    tick = 0
    for at, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=at - tick))
        tick = at
    content = io.BytesIO()
    file.save(file=content)
    return content.getvalue()


def musicxml_note(step, duration, lyric="", *, octave=4, syllabic="single", extra="") -> str:
    words = f"<lyric><syllabic>{syllabic}</syllabic><text>{lyric}</text></lyric>" if lyric else ""
    pitch = "<rest/>" if step == "R" else f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    return f"<note>{pitch}<duration>{duration}</duration>{extra}<voice>1</voice>{words}</note>"


def musicxml_score(*measures: str, before: str = "") -> bytes:
    first = "<attributes><divisions>2</divisions></attributes>" + before
    body = "".join(
        f'<measure number="{number}">{first if number == 1 else ""}{measure}</measure>'
        for number, measure in enumerate(measures, start=1)
    )
    doctype = '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">'
    return f'<?xml version="1.0"?>{doctype}<score-partwise><part id="P1">{body}</part></score-partwise>'.encode()


def musicxml_tune() -> bytes:
    note = musicxml_note
    return musicxml_score(
        note("C", 2, "Twin", syllabic="begin") + note("G", 2, "kle", syllabic="end") + note("A", 4, "star"),
        note("G", 2) + note("R", 2) + note("E", 4, "high"),
    )


def compressed(content: bytes, name: str = "tune.xml") -> bytes:
    container = f'<container><rootfiles><rootfile full-path="{name}"/></rootfiles></container>'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr(name, content)
    return packed.getvalue()


NOTE_LIST = b"""onset_s,duration_s,pitch,lyric
0,0.5,C4,Twin-
0.5,0.5,G4,kle
1,1,A4,star
2,0.5,67,
3,1,E4,high
"""

OPENUTAU = b"""name: tune
tempos:
- position: 0
  bpm: 120
voice_parts:
- position: 0
  notes:
  - {position: 0, duration: 480, tone: 60, lyric: Twin-}
  - {position: 480, duration: 480, tone: 67, lyric: kle}
  - {position: 960, duration: 960, tone: 69, lyric: star}
  - {position: 1920, duration: 480, tone: 67, lyric: +~}
  - {position: 2880, duration: 960, tone: 64, lyric: high}
"""
