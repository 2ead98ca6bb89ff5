"""Limits in the documentation are those of the code."""

import pytest

from hierbatch.audio import ffmpeg_decoding
from hierbatch.cli import app
from hierbatch.engine import dispatch, lease, planning, ray_settings, requested_takes, session
from hierbatch.frontend import characters, lexicon, phonemes, speech_text
from hierbatch.frontend.books import book, epub, markup, reading
from hierbatch.frontend.books.archive import ArchiveLimits
from hierbatch.frontend.korean import normalization
from hierbatch.frontend.scores import compressed_musicxml, midi, musicxml, openutau, score
from hierbatch.frontend.scores.reading import MAX_SCORE_BYTES
from hierbatch.frontend.singing import lyrics
from hierbatch.jobs import compact
from hierbatch.manifest.runs import run_layout
from hierbatch.manifest.tables import integrity, segments
from hierbatch.manifest.voices.voices import MAX_PROMPT_BYTES
from hierbatch.models.prompt import MAX_PROMPT_S
from hierbatch.service.request import MAX_BODY_BYTES
from hierbatch.stages import prompts
from hierbatch.stages.recordings import SOURCE_LIMITS
from tests.docs.pages import ROOT

ARCHIVE = ArchiveLimits()
MB, GB = 1_000_000, 1 << 30


def _text(page: str) -> str:
    return " ".join((ROOT / "docs" / page).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    "sentence",
    [
        f"{ARCHIVE.max_members:,} files, {ARCHIVE.max_member_bytes // MB} MB per file, "
        f"{ARCHIVE.max_total_bytes // MB} MB in all, {ARCHIVE.max_ratio:.0f} times the compressed size",
        f"{markup.MAX_PAGE_ELEMENTS:,} elements, 255 levels, {markup.MAX_ATTRIBUTES:,} attributes per element",
        f"{book.MAX_BOOK_CHARACTERS:,} characters, {epub.MAX_ELEMENTS:,} elements; "
        f"{reading._MAX_TEXT_BYTES // MB} MB of plain text or Markdown",
        f"{speech_text.MAX_TEXT_CHARACTERS:,} characters of text, {phonemes.MAX_TOKENS:,} phonemes; numbers of fewer "
        f"than {characters._MAX_FIGURES} figures in English and {normalization._MAX_FIGURES} in Korean",
        f"{integrity.MAX_JSON_DEPTH} levels of arrays and objects",
        f"{MAX_SCORE_BYTES >> 20} MB, {musicxml._MAX_TAGS:,} tags, {midi._MAX_BYTES >> 20} MB of MIDI, "
        f"{openutau._MAX_TOKENS:,} tokens and {openutau._MAX_DEPTH} levels of YAML; "
        f"{musicxml._MAX_WRITTEN_NOTES:,} written and {score.MAX_NOTES:,} sung notes, an hour, "
        f"{lyrics._MAX_PARTS} syllables per word",
        f"| lexicon, table of segments | {lexicon._MAX_BYTES >> 20} MB |",
        f"{SOURCE_LIMITS.max_bytes // GB} GB per file, {SOURCE_LIMITS.max_duration_s / 3600:.0f} h of audio at 48 kHz "
        f"per recording (see [speed.md](speed.md#the-engine) for the memory), "
        f"{prompts._LIMITS.max_duration_s / 60:.0f} min and {MAX_PROMPT_BYTES >> 20} MB per prompt",
        f"up to {MAX_PROMPT_S:.0f} s of it are stored in the run folder",
        f"bodies are limited to {MAX_BODY_BYTES // 1024} kB",
    ],
)
def test_trust(sentence):
    assert sentence in _text("trust.md")


def test_limits_that_the_page_names_once_hold_in_several_places():
    assert score.MAX_SCORE_S == 3600.0
    assert segments._MAX_BYTES == lexicon._MAX_BYTES
    assert compressed_musicxml._MAX_UNPACKED_BYTES == MAX_SCORE_BYTES
    assert ffmpeg_decoding._DECODING_TIMEOUT_S == 1800.0  # "at most half an hour"


@pytest.mark.parametrize(
    "sentence",
    [
        f"unit: <= {planning.UNIT_ROWS} rows, <= {planning.UNIT_SOUND_S / 60:.0f} min",
        f"(the first {run_layout.FOLDER_PARTS} units of a plan) and in its folders of {run_layout.FOLDER_PARTS} units",
        f"in files of about {compact._PART_BYTES >> 20} MB",
        f"work units have at most {dispatch.MIN_SHARE_S:.0f} s of audio",
        f"A manifest of more than {session.RAY_READ_MIN_ROWS:_} texts".replace("_", " "),
        f"after {ray_settings.RaySettings(n_workers=1).base_timeout_s:.0f} s plus "
        f"{ray_settings.RaySettings(n_workers=1).timeout_factor:.0f} s per second of expected audio",
        f"ends {app._INTERRUPT_GRACE_S:.0f} s after the signal with exit 1",
    ],
)
def test_engine(sentence):
    assert sentence in _text("engine.md")


def test_durations_that_the_page_of_the_engine_spells_out():
    assert requested_takes._LISTENING_S == 15 * 60  # "within fifteen minutes"
    assert lease.LEASE_S == 60.0  # "valid for a minute"
