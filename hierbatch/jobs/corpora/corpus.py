"""Creation of a synthetic corpus from texts and voices; the same call resumes a stopped job."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import read_sound
from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.errors import InputError, RunError
from hierbatch.jobs.corpora.corpus_pairs import (
    Pair,
    choose_speakers,
    pair_texts,
    voices_by_language,
)
from hierbatch.jobs.corpora.corpus_texts import CorpusText, SecondsPerCharacter, estimate_pace, read_texts
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.corpus import CorpusSettings
from hierbatch.jobs.options.quality import CorpusQuality
from hierbatch.jobs.options.speech import CorpusTextSettings, SpeechSettings
from hierbatch.jobs.options.voices import VoiceTable
from hierbatch.jobs.run import RunJob, RunOutcome, check_device, run
from hierbatch.jobs.specs.speak import SpeakSpec, find_speech_model
from hierbatch.jobs.specs.voices import list_voices, prepare_voices
from hierbatch.manifest.columns.measures import declare_columns
from hierbatch.manifest.columns.schema import plan_schema, take_schema
from hierbatch.manifest.corpora.corpus_rows import CORPUS_MANIFEST, write_corpus_rows
from hierbatch.manifest.corpora.splits import check_languages_of_splits, split_speakers
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.manifest.tables.parquet_writing import write_rows
from hierbatch.manifest.takes.filters import DEFAULT_FILTER, read_filter
from hierbatch.manifest.voices.speakers import speaker_of, unify_speakers
from hierbatch.manifest.voices.voices import VoiceRow
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.open_model import open_model
from hierbatch.models.speech import SpeechModel
from hierbatch.storage import write_atomically

_N_PACE_SPEAKERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusJob:
    """Texts, voices, settings and acceptance rules of a synthetic corpus."""

    texts: tuple[Path, ...]
    """Text tables and books, or folders of both."""
    out: Path
    voices: VoiceTable
    settings: CorpusSettings
    reading: CorpusTextSettings = field(default_factory=CorpusTextSettings)
    quality: CorpusQuality = field(default_factory=CorpusQuality)
    """Measures and acceptance rules; rows that are rejected for a reason that a new seed may remove are retaken."""
    model: ModelChoice = field(default_factory=ModelChoice)
    execution: Execution = field(default_factory=Execution)
    control: RunControl = field(default_factory=RunControl)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusResult:
    """Result of a corpus job; the counts are empty if the run stopped before its end."""

    outcome: RunOutcome
    rows_file: Path
    kept: Mapping[str, int]
    """Number of accepted rows in each split."""
    kept_s: Mapping[str, float]
    """Duration in seconds of the accepted rows in each split."""
    rejected: Mapping[str, int]
    """Number of rows rejected by each rule; several rules may reject the same row."""


def corpus(job: CorpusJob, listener: RunListener | None = None) -> CorpusResult:
    """Plan a corpus, synthesize it, retake rejected rows, and accept or reject every row.

    Raises:
        InputError: a text, voice, rule or option is invalid; nothing was started.
        BundleError: the model cannot be loaded.
        RunError: the folder `out` is in use, or was created from other texts, voices or settings.
        StorageError: the disk is full; finished rows are kept.
    """
    listener = listener or RunListener()
    check_device(job.model.placement, job.execution)
    job.settings.check()
    job.quality.chosen.check()
    if job.quality.filter:
        columns = declare_columns(take_schema(plan_schema(CORPUS_MANIFEST)), job.quality.chosen.columns)
        read_filter(job.quality.filter, columns)
    layout = RunLayout(job.out)
    if layout.record_file.exists() and not layout.corpus_manifest.exists():
        raise RunError(f"{job.out} is a run, but not a corpus", fix="choose another --out")
    _plan_corpus(job, layout.corpus_manifest, listener)
    speech = SpeechSettings(lexicon=job.reading.lexicon, seed=job.reading.seed)
    spec = SpeakSpec(manifest=layout.corpus_manifest, voices=job.voices, speech=speech, model=job.model)
    outcome = run(
        RunJob(
            spec=spec,
            out=job.out,
            execution=job.execution,
            quality=job.quality,
            default_filter=DEFAULT_FILTER,
            control=job.control,
        ),
        listener,
    )
    if outcome.session.ending != "done":
        return CorpusResult(outcome=outcome, rows_file=layout.corpus_rows, kept={}, kept_s={}, rejected={})
    return _count_kept(outcome, layout)


def plan_corpus(job: CorpusJob, listener: RunListener | None = None) -> list[Pair]:
    """Assign texts to voices; the pairs are in the order of the manifest.

    Raises:
        InputError: a text or a voice is invalid, or the texts are too short for the requested duration.
    """
    listener = listener or RunListener()
    settings, seed = job.settings, job.reading.seed
    unified = unify_speakers(list_voices(job.voices))
    for notice in unified.notices:
        listener.on_message(notice)
    voices = choose_speakers(unified.voices, settings.speakers, seed)
    texts = read_texts(job.texts, job.reading.language or "auto", listener.on_message)
    find_speech_model(job.model.model)
    model = cast("SpeechModel", open_model(job.model.model, job.model.placement))
    languages = sorted({text.language for text in texts})
    by_language = voices_by_language(voices, languages, cross_lingual=settings.cross_lingual)
    pace = estimate_pace(
        texts,
        model,
        {language: _encode_some_voices(by_language[language], model, job) for language in languages},
        seed,
    )
    shortest_s, longest_s = settings.duration_range_s
    fitting = _filter_by_duration(texts, pace, shortest_s, longest_s)
    listener.on_message(f"{len(fitting)} of {len(texts)} sentences are {shortest_s:g} to {longest_s:g} s long")
    pairs = pair_texts(
        fitting,
        by_language,
        pace,
        spread=settings.spread,
        seed=seed,
        sound_s=None if settings.hours is None else settings.hours * 3600,
        n_rows=settings.rows,
    )
    return list(pairs)


def _encode_some_voices(voices: Sequence[VoiceRow], model: SpeechModel, job: CorpusJob) -> list[Any]:
    """Encode the prompts of a few speakers, for the estimate of the speaking rate."""
    n_speakers = len({speaker_of(voice) for voice in voices})
    some = choose_speakers(voices, min(_N_PACE_SPEAKERS, n_speakers), job.reading.seed)
    prompts = prepare_voices(some, model.encode_voice, allow_unknown=job.voices.allow_unknown_consent).values()
    return [model.encode_voice(read_sound(prompt.flac)) for _, prompt in prompts]


def _filter_by_duration(
    texts: Sequence[CorpusText], pace: SecondsPerCharacter, shortest_s: float, longest_s: float
) -> list[CorpusText]:
    fitting = [text for text in texts if shortest_s <= pace.estimate_s(text) <= longest_s]
    if not fitting:
        raise InputError(
            "No sentence has the requested duration",
            expected=f"{shortest_s:g} to {longest_s:g} s",
            got=f"{len(texts)} shorter or longer sentences",
            fix="widen the range, or add texts",
        )
    return fitting


def _plan_corpus(job: CorpusJob, target: Path, listener: RunListener) -> None:
    """Write the manifest.

    Raises:
        RunError: the folder contains a different corpus, and no update is requested.
    """
    pairs = plan_corpus(job, listener)
    voices = {voice.voice: voice for voice in list_voices(job.voices)}
    languages = {pair.speaker: voices[pair.voice].language or "" for pair in sorted(pairs, key=lambda pair: pair.voice)}
    split = split_speakers(languages, job.settings.shares, job.reading.seed)
    if not job.settings.allow_missing_languages:
        check_languages_of_splits(((pair.text.language, split[pair.speaker]) for pair in pairs), job.settings.shares)
    rows = [
        {
            "id": f"{pair.text.language}-{number:06d}",
            "text": pair.text.text,
            "voice": pair.voice,
            "language": pair.text.language,
            "speed": pair.speed,
            "pitch_semitones": pair.pitch_semitones,
            "prosody": pair.prosody,
            "speaker": pair.speaker,
            "split": split[pair.speaker],
            "text_ref": pair.text.ref,
            "text_license": pair.text.license or job.settings.text_license,
        }
        for number, pair in enumerate(pairs, start=1)
    ]
    with write_atomically(target) as temporary:
        write_rows([pa.Table.from_pylist(rows, schema=CORPUS_MANIFEST)], CORPUS_MANIFEST, temporary)
        if target.exists() and not job.control.update and _sha256(temporary) != _sha256(target):
            raise RunError(
                f"{job.out} holds another corpus",
                expected="the same texts, voices, hours, spread, split and seed",
                fix="choose another --out, or pass --update, which keeps the takes that are still valid",
            )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _count_kept(outcome: RunOutcome, layout: RunLayout) -> CorpusResult:
    """Write the table of accepted and rejected rows, and return their counts."""
    write_corpus_rows(layout.root)
    kept: Counter[str] = Counter()
    kept_s: defaultdict[str, float] = defaultdict(float)
    rejected: Counter[str] = Counter()
    with pq.ParquetFile(layout.corpus_rows) as file:
        for batch in file.iter_batches(columns=["split", "duration_s", "rejected_by"]):
            for row in batch.to_pylist():
                rejected.update(row["rejected_by"])
                if not row["rejected_by"]:
                    kept[row["split"]] += 1
                    kept_s[row["split"]] += row["duration_s"]
    return CorpusResult(outcome=outcome, rows_file=layout.corpus_rows, kept=kept, kept_s=kept_s, rejected=rejected)
