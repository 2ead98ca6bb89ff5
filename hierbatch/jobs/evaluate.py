"""Measure a model on a committed set: speech in held-out voices, beside the recordings it is compared with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch

from hierbatch.analysis.conversion_tasks import ConversionTask, plan_conversions
from hierbatch.analysis.evaluation_set import Clip, EvaluationSet, SetName, VoicePair, load_set
from hierbatch.analysis.evaluation_table import EvaluationTable, tabulate
from hierbatch.analysis.evaluation_tasks import Task, plan_tasks
from hierbatch.analysis.judgement_cache import JudgementCache
from hierbatch.analysis.kit import load_kit
from hierbatch.analysis.marked_page import page_with_table
from hierbatch.analysis.measures import Jury, Score, Spoken
from hierbatch.analysis.recordings import Recording, read_recordings
from hierbatch.analysis.teachers import Teacher, load_teachers
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, RowError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.conversion import convert_recording
from hierbatch.models.converter import ConversionModel
from hierbatch.models.hierspeech import HierSpeech
from hierbatch.models.speech import SpeechModel, SpeechRequest
from hierbatch.storage import write_whole

RECORDED = {"en": "English recordings", "ko": "Korean recordings"}
TAUGHT = {"en": "English teacher", "ko": "Korean teacher"}
COPIED = {"en": "English copy synthesis", "ko": "Korean copy synthesis"}

_TELL_EVERY = 10

Scores = dict[str, list[list[Score]]]
"""Scores of each clip of each group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateJob:
    """What to measure and with what."""

    kit: Path
    """Folder of the evaluation kit."""
    data: Path
    """Folder of the recordings, as Parquet files."""
    cache: Path
    """Where judgements already made are kept."""
    set_name: SetName = "development"
    """`development` while choosing; `evaluation` for what is published."""
    bundle: str = "lite"
    """A packaged bundle's name, or a bundle's folder."""
    teachers: bool = False
    """Whether the voices the text side learned from say the sentences, too."""
    limit: int | None = None
    """The first so many clips of each group, for a quick look."""
    out: tuple[Path, ...] = ()
    """Where else the table goes: a `.json` file, or a `.md` page with marks around the table's place."""


@runtime_checkable
class Resynthesizer(Protocol):
    """A model whose waveform stage can be heard alone."""

    def resynthesize(self, recording: Waveform) -> Waveform:
        """A recording through the waveform stage, from its true spectrogram and pitch."""


def evaluate(job: EvaluateJob, tell: Callable[[str], None]) -> EvaluationTable:
    """The table of one model.

    Raises:
        InputError: the kit, the recordings or some of their rows are missing, or `out` is no path to write to.
        ProgramError: the kit lacks a package.
        BundleError: there is no such bundle.
        StorageError: the disk is full, read-only or gone.
    """
    for path in job.out:
        _page(path, None)  # what is wrong with it is better told now than after ten minutes
    kit = load_kit(job.kit)
    chosen = load_set(job.set_name)
    recordings = read_recordings(job.data, chosen.clips())
    model = HierSpeech.load(job.bundle)
    evaluation = Evaluation(model, Jury(kit, JudgementCache(job.cache, kit.fingerprint)), tell)
    with _one_thread():
        scores = evaluation.of_speech(plan_tasks(chosen, recordings, job.limit), recordings)
        scores |= evaluation.of_conversions(plan_conversions(chosen, recordings, job.limit), recordings)
        if job.teachers:
            scores |= evaluation.of_teachers(load_teachers(job.kit), chosen, job.limit)
        scores |= evaluation.of_recordings(chosen, recordings, job.limit)
    table = EvaluationTable(
        set_name=chosen.name,
        model=model.name,
        fingerprint=model.fingerprint,
        kit=kit.fingerprint,
        limit=job.limit,
        groups=tuple(scores),
        figures=tabulate(scores),
    )
    for path in job.out:
        with write_whole(path) as aside:
            aside.write_text(_page(path, table), encoding="utf-8")
    return table


def _page(path: Path, table: EvaluationTable | None) -> str:
    """What will stand at a path."""
    if path.suffix == ".json":
        return table.to_json() if table else ""
    if path.suffix == ".md":
        return page_with_table(path, table.to_markdown() if table else "")
    raise InputError("The table has no such form", wanted="a path that ends in .json or .md", got=str(path))


class Evaluation:
    """One model before one jury."""

    def __init__(self, model: SpeechModel, jury: Jury, tell: Callable[[str], None]) -> None:
        self._model, self._jury, self._tell = model, jury, tell
        self._front_end = SpeechFrontEnd()
        self._voices: dict[str, Any] = {}

    def of_speech(self, groups: Mapping[str, list[Task]], recordings: Mapping[Clip, Recording]) -> Scores:
        """Scores of what the model says; a text it cannot say counts as wholly wrong."""
        scores: Scores = {}
        for group, tasks in groups.items():
            scores[group] = []
            for number, task in enumerate(tasks):
                try:
                    spoken = self._speak(task, recordings, seed=number)
                    found = [*self._jury.judge(spoken), Score("failures", 0)]
                except RowError as error:
                    self._tell(f"{group} {number + 1}: {error}")
                    found = [*self._jury.silence(task.readings, task.language), Score("failures", 1)]
                scores[group].append(found)
                if (number + 1) % _TELL_EVERY == 0 or number + 1 == len(tasks):
                    self._tell(f"{group}: {number + 1} of {len(tasks)} clips judged")
        return scores

    def of_conversions(
        self, groups: Mapping[str, list[ConversionTask]], recordings: Mapping[Clip, Recording]
    ) -> Scores:
        """Scores of recordings in other people's voices; none where the model does not convert."""
        scores: Scores = {}
        for group, tasks in groups.items() if isinstance(self._model, ConversionModel) else ():
            scores[group] = []
            for number, task in enumerate(tasks):
                readings = (task.text or self._jury.heard(task.source.waveform, task.language),)
                try:
                    converted = self._convert(task, recordings, readings, seed=number)
                    found = [*self._jury.judge(converted), Score("failures", 0)]
                except RowError as error:
                    self._tell(f"{group} {number + 1}: {error}")
                    found = [*self._jury.silence(readings, task.language), Score("failures", 1)]
                scores[group].append(found)
            self._tell(f"{group}: {len(tasks)} clips judged")
        return scores

    def of_teachers(self, teachers: Mapping[str, Teacher], chosen: EvaluationSet, limit: int | None = None) -> Scores:
        """Scores of the teachers' own voices on the same sentences."""
        scores: Scores = {}
        for language, say in teachers.items():
            said = [
                Spoken(
                    waveform=say(sentence.text),
                    language=language,
                    readings=sentence.readings,
                    phonemes=self._front_end.speak(sentence.text, language).phonemes,
                )
                for sentence in chosen.sentences_in(language)[:limit]
            ]
            scores[TAUGHT[language]] = [self._jury.judge(spoken) for spoken in said]
            self._tell(f"{TAUGHT[language]}: {len(said)} clips judged")
        return scores

    def of_recordings(
        self, chosen: EvaluationSet, recordings: Mapping[Clip, Recording], limit: int | None = None
    ) -> Scores:
        """Scores of the held-out people themselves, and of their clips through the waveform stage alone."""
        languages = {voice.speaker: voice.language for voice in chosen.voices}
        references = {voice.speaker: recordings[voice.reference].waveform for voice in chosen.voices}
        clips = [(entry.speaker, entry.clip) for entry in chosen.rereadings]
        clips += [(voice.speaker, voice.prompt) for voice in chosen.voices]
        scores: Scores = {}
        for language in RECORDED:
            people = [(speaker, clip) for speaker, clip in clips if languages[speaker] == language][:limit]
            heard = [self._recorded(recordings[clip], language, references[speaker]) for speaker, clip in people]
            scores[RECORDED[language]] = [self._jury.judge(spoken) for spoken in heard]
            if isinstance(self._model, Resynthesizer):
                copies = [replace(spoken, waveform=self._model.resynthesize(spoken.waveform)) for spoken in heard]
                scores[COPIED[language]] = [self._jury.judge(spoken) for spoken in copies]
            self._tell(f"{RECORDED[language]}: {len(people)} clips judged")
        return scores

    def _speak(self, task: Task, recordings: Mapping[Clip, Recording], seed: int) -> Spoken:
        voice = self._voice(task.voice, recordings)
        said = self._front_end.speak(task.text, task.language)
        request = SpeechRequest(phonemes=said.phonemes, language=task.language, voice=voice, seed=seed)
        started_s = time.process_time()
        (speech,) = self._model.speak([request])
        work_s = time.process_time() - started_s
        return Spoken(
            waveform=speech.waveform,
            language=task.language,
            readings=task.readings,
            phonemes=said.phonemes,
            reference=recordings[task.voice.reference].waveform,
            recording=task.recording.waveform if task.recording else None,
            work_s=work_s,
        )

    def _convert(
        self, task: ConversionTask, recordings: Mapping[Clip, Recording], readings: tuple[str, ...], seed: int
    ) -> Spoken:
        assert isinstance(self._model, ConversionModel)  # asked before
        voice = self._voice(task.voice, recordings)
        started_s = time.process_time()
        made = convert_recording(self._model, task.source.waveform, voice, seed=seed)
        return Spoken(
            waveform=made.waveform,
            language=task.language,
            readings=readings,
            reference=recordings[task.voice.reference].waveform,
            work_s=time.process_time() - started_s,
        )

    def _voice(self, pair: VoicePair, recordings: Mapping[Clip, Recording]) -> Any:
        if pair.speaker not in self._voices:
            self._voices[pair.speaker] = self._model.encode_voice(recordings[pair.prompt].waveform)
        return self._voices[pair.speaker]

    def _recorded(self, recording: Recording, language: str, reference: Waveform) -> Spoken:
        text = recording.text
        return Spoken(
            waveform=recording.waveform,
            language=language,
            readings=(text,) if text else (),
            phonemes=self._front_end.speak(text, language).phonemes if text else None,
            reference=reference,
        )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Work is told for one thread, whatever machine it is measured on."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
