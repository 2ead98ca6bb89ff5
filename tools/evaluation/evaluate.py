"""Evaluate a model on a committed set: speech in held-out voices, compared with their recordings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch

from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, RowError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.conversion.interface import ConversionModel
from hierbatch.models.conversion.recording import convert_recording
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.speech import SpeechModel, SpeechRequest
from hierbatch.storage import write_atomically
from tools.evaluation.conversion_tasks import ConversionTask, plan_conversions
from tools.evaluation.evaluation_cache import EvaluationCache
from tools.evaluation.evaluation_set import ClipSource, EvaluationSet, SetName, VoicePair, load_set
from tools.evaluation.evaluation_table import EvaluationTable, tabulate
from tools.evaluation.evaluation_tasks import SpeechTask, plan_tasks
from tools.evaluation.kit import load_kit
from tools.evaluation.marked_page import page_with_table
from tools.evaluation.measures import ClipScorer, EvaluationClip, Score
from tools.evaluation.reference_recordings import ReferenceRecording, read_recordings
from tools.evaluation.teachers import Teacher, load_teachers

RECORDING_GROUPS = {"en": "English recordings", "ko": "Korean recordings"}
TEACHER_GROUPS = {"en": "English teacher", "ko": "Korean teacher"}
COPY_SYNTHESIS_GROUPS = {"en": "English copy synthesis", "ko": "Korean copy synthesis"}

_LOG_INTERVAL_ROWS = 10

Scores = dict[str, list[list[Score]]]
"""Scores of each clip, by group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateJob:
    """Model, evaluation set and evaluation kit."""

    kit: Path
    """Folder of the evaluation kit."""
    data: Path
    """Folder of the recordings, as Parquet files."""
    cache: Path
    """Folder of cached judgements."""
    set_name: SetName = "development"
    """`development` to choose between models; `evaluation` for published results; `audit` for the bars."""
    bundle: str = "lite"
    """Name of a packaged bundle, or a bundle folder."""
    teachers: bool = False
    """True to also evaluate the teacher TTS voices on the same sentences."""
    limit: int | None = None
    """Maximum number of clips per group, for a quick check; None takes all."""
    out: tuple[Path, ...] = ()
    """Files that receive the table: `.json`, or a `.md` page with markers around the place of the table."""


@runtime_checkable
class Resynthesizer(Protocol):
    """Protocol for a model with a separate waveform stage, for copy synthesis."""

    def resynthesize(self, recording: Waveform) -> Waveform:
        """Reproduce a recording from its own spectrogram and pitch (copy synthesis)."""


def evaluate(job: EvaluateJob, log: Callable[[str], None]) -> EvaluationTable:
    """Evaluate one model; write the table of its scores to the files of `job.out`, and return the table.

    Raises:
        InputError: the kit, the recordings or some of their rows are missing, or `out` cannot be written.
        ProgramError: a package of the kit is not installed.
        BundleError: the bundle does not exist.
        StorageError: the disk is full, read-only or gone.
    """
    for path in job.out:
        _page(path, None)  # fail now rather than after ten minutes of evaluation
    kit = load_kit(job.kit)
    evaluation_set = load_set(job.set_name)
    recordings = read_recordings(job.data, evaluation_set.clips())
    model = LitePipeline.load(job.bundle)
    evaluator = Evaluator(model, ClipScorer(kit, EvaluationCache(job.cache, kit.fingerprint)), log)
    with _single_thread():
        scores = evaluator.score_speech(plan_tasks(evaluation_set, recordings, job.limit), recordings)
        scores |= evaluator.score_conversions(plan_conversions(evaluation_set, recordings, job.limit), recordings)
        if job.teachers:
            scores |= evaluator.score_teachers(load_teachers(job.kit), evaluation_set, job.limit)
        scores |= evaluator.score_recordings(evaluation_set, recordings, job.limit)
    table = EvaluationTable(
        set_name=evaluation_set.name,
        model=model.name,
        fingerprint=model.fingerprint,
        kit=kit.fingerprint,
        limit=job.limit,
        groups=tuple(scores),
        figures=tabulate(scores),
    )
    for path in job.out:
        with write_atomically(path) as temporary:
            temporary.write_text(_page(path, table), encoding="utf-8")
    return table


def _page(path: Path, table: EvaluationTable | None) -> str:
    """Content of an output file; if the table is None, only check that the file can hold one (InputError if not)."""
    if path.suffix == ".json":
        return table.to_json() if table else ""
    if path.suffix == ".md":
        return page_with_table(path, table.to_markdown() if table else "")
    raise InputError(
        "The table format is unknown", expected="a path that ends in .json or .md", got=str(path), fix="correct --out"
    )


class Evaluator:
    """Evaluator that synthesizes speech with one model and scores the speech with one `ClipScorer`."""

    def __init__(self, model: SpeechModel, jury: ClipScorer, log: Callable[[str], None]) -> None:
        self._model, self._jury, self._log = model, jury, log
        self._front_end = SpeechFrontEnd()
        self._voices: dict[str, Any] = {}

    def score_speech(
        self, groups: Mapping[str, list[SpeechTask]], recordings: Mapping[ClipSource, ReferenceRecording]
    ) -> Scores:
        """Score synthesized speech. If the synthesis of a text fails, every word of the text counts as an error."""
        scores: Scores = {}
        for group, tasks in groups.items():
            scores[group] = []
            for number, task in enumerate(tasks):
                try:
                    spoken = self._speak(task, recordings, seed=number)
                    found = [*self._jury.score(spoken), Score("failures", 0)]
                except RowError as error:
                    self._log(f"{group} {number + 1}: {error}")
                    found = [*self._jury.score_missing(task.readings, task.language), Score("failures", 1)]
                scores[group].append(found)
                if (number + 1) % _LOG_INTERVAL_ROWS == 0 or number + 1 == len(tasks):
                    self._log(f"{group}: {number + 1} of {len(tasks)} clips judged")
        return scores

    def score_conversions(
        self, groups: Mapping[str, list[ConversionTask]], recordings: Mapping[ClipSource, ReferenceRecording]
    ) -> Scores:
        """Score voice conversions; return no scores if the model does not convert recordings."""
        scores: Scores = {}
        for group, tasks in groups.items() if isinstance(self._model, ConversionModel) else ():
            scores[group] = []
            for number, task in enumerate(tasks):
                readings = (task.text or self._jury.transcribe(task.source.waveform, task.language),)
                try:
                    converted = self._convert(task, recordings, readings, seed=number)
                    found = [*self._jury.score(converted), Score("failures", 0)]
                except RowError as error:
                    self._log(f"{group} {number + 1}: {error}")
                    found = [*self._jury.score_missing(readings, task.language), Score("failures", 1)]
                scores[group].append(found)
            self._log(f"{group}: {len(tasks)} clips judged")
        return scores

    def score_teachers(
        self, teachers: Mapping[str, Teacher], evaluation_set: EvaluationSet, limit: int | None = None
    ) -> Scores:
        """Score the teacher TTS voices on the sentences of the set."""
        scores: Scores = {}
        for language, synthesize in teachers.items():
            clips = [
                EvaluationClip(
                    waveform=synthesize(sentence.text),
                    language=language,
                    readings=sentence.readings,
                    phonemes=self._front_end.phonemize(sentence.text, language).phonemes,
                )
                for sentence in evaluation_set.sentences_in(language)[:limit]
            ]
            scores[TEACHER_GROUPS[language]] = [self._jury.score(spoken) for spoken in clips]
            self._log(f"{TEACHER_GROUPS[language]}: {len(clips)} clips judged")
        return scores

    def score_recordings(
        self,
        evaluation_set: EvaluationSet,
        recordings: Mapping[ClipSource, ReferenceRecording],
        limit: int | None = None,
    ) -> Scores:
        """Score the recordings of the held-out speakers, and their copy synthesis if the model is a `Resynthesizer`."""
        languages = {voice.speaker: voice.language for voice in evaluation_set.voices}
        references = {voice.speaker: recordings[voice.reference].waveform for voice in evaluation_set.voices}
        clips = [(entry.speaker, entry.clip) for entry in evaluation_set.transcribed_clips]
        clips += [(voice.speaker, voice.prompt) for voice in evaluation_set.voices]
        scores: Scores = {}
        for language in RECORDING_GROUPS:
            selected = [(speaker, clip) for speaker, clip in clips if languages[speaker] == language][:limit]
            recorded = [self._recorded(recordings[clip], language, references[speaker]) for speaker, clip in selected]
            scores[RECORDING_GROUPS[language]] = [self._jury.score(spoken) for spoken in recorded]
            if isinstance(self._model, Resynthesizer):
                copies = [replace(spoken, waveform=self._model.resynthesize(spoken.waveform)) for spoken in recorded]
                scores[COPY_SYNTHESIS_GROUPS[language]] = [self._jury.score(spoken) for spoken in copies]
            self._log(f"{RECORDING_GROUPS[language]}: {len(selected)} clips judged")
        return scores

    def _speak(
        self, task: SpeechTask, recordings: Mapping[ClipSource, ReferenceRecording], seed: int
    ) -> EvaluationClip:
        voice = self._voice(task.voice, recordings)
        text = self._front_end.phonemize(task.text, task.language)
        request = SpeechRequest(phonemes=text.phonemes, language=task.language, voice=voice, seed=seed)
        started_s = time.process_time()
        (speech,) = self._model.speak([request])
        cpu_s = time.process_time() - started_s
        return EvaluationClip(
            waveform=speech.waveform,
            language=task.language,
            readings=task.readings,
            phonemes=text.phonemes,
            reference=recordings[task.voice.reference].waveform,
            recording=task.recording.waveform if task.recording else None,
            cpu_s=cpu_s,
        )

    def _convert(
        self,
        task: ConversionTask,
        recordings: Mapping[ClipSource, ReferenceRecording],
        readings: tuple[str, ...],
        seed: int,
    ) -> EvaluationClip:
        assert isinstance(self._model, ConversionModel)  # checked by score_conversions()
        voice = self._voice(task.voice, recordings)
        started_s = time.process_time()
        converted = convert_recording(self._model, task.source.waveform, voice, seed=seed)
        return EvaluationClip(
            waveform=converted.waveform,
            language=task.language,
            readings=readings,
            reference=recordings[task.voice.reference].waveform,
            source=task.source.waveform,
            cpu_s=time.process_time() - started_s,
        )

    def _voice(self, pair: VoicePair, recordings: Mapping[ClipSource, ReferenceRecording]) -> Any:
        if pair.speaker not in self._voices:
            self._voices[pair.speaker] = self._model.encode_voice(recordings[pair.prompt].waveform)
        return self._voices[pair.speaker]

    def _recorded(self, recording: ReferenceRecording, language: str, reference: Waveform) -> EvaluationClip:
        text = recording.text
        return EvaluationClip(
            waveform=recording.waveform,
            language=language,
            readings=(text,) if text else (),
            phonemes=self._front_end.phonemize(text, language).phonemes if text else None,
            reference=reference,
        )


@contextmanager
def _single_thread() -> Iterator[None]:
    """Context that limits torch to one thread, so that CPU time is comparable between machines."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
