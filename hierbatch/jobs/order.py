"""What is to be spoken: rows, voices and a model, checked against each other before a worker starts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from hierbatch.engine.planning import Asked, CarryOver, MapTables, as_planned, plan_rows
from hierbatch.errors import BundleError
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.jobs.problems import Problems
from hierbatch.jobs.rows_and_voices import find_rows_and_voices
from hierbatch.jobs.voices import PreparedVoices, VoiceChoice, prepare_voices, take_any_prompt
from hierbatch.manifest.plan_sources import KeepSources, forget_sources
from hierbatch.manifest.schema import plan_schema
from hierbatch.manifest.store import TableFile
from hierbatch.models.outline import ModelOutline
from hierbatch.object_path import is_remote, readable
from hierbatch.stages.appraise import Appraise, Measures
from hierbatch.stages.base import Stage, check_chain
from hierbatch.stages.loading import DEFAULT_FACTORY, find_outline
from hierbatch.stages.tasks import SPEAK, task_named
from hierbatch.stages.text import ReadText, front_ends


class Order(Protocol):
    """What a user may order of a run: texts to speak, recordings to convert."""

    def origin(self) -> dict[str, str]:
        """Where the inputs lie, for people and for a retry; they may move without changing the takes."""

    def check(self) -> CheckedOrder:
        """Everything that is wrong with it, found before a worker starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakOrder:
    """What a user orders; nothing of it says where or how it is worked."""

    manifest: Path
    voices: VoiceChoice
    language: str | None = None
    """Language of rows that name none."""
    speed: float = 1.0
    """Speaking rate of rows that name none."""
    seed: int = 0
    lexicon: Path | None = None
    """How given words are said."""
    bundle: str = "lite"
    model_factory: str = DEFAULT_FACTORY
    measures: Measures = field(default_factory=Measures)
    """What is measured of the takes beyond their samples."""

    def check(self) -> CheckedOrder:
        return check_order(self)

    def origin(self) -> dict[str, str]:
        lexicon = {"lexicon": str(self.lexicon)} if self.lexicon else {}
        return {
            "manifest": str(self.manifest),
            "bundle": self.bundle,
            "model_factory": self.model_factory,
            **lexicon,
            **self.measures.to_origin(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedOrder:
    """An order whose parts fit each other and the model."""

    manifest: TableFile
    n_rows: int
    prompts: PreparedVoices
    asked: Asked
    model: str
    read: Stage
    """What makes of a row's text or recording what a worker needs."""
    inputs: dict[str, str | None]
    """Hashes of what the rows depend on beside the manifest."""
    row_notices: tuple[str, ...] = ()
    """Which rows are known to fail before any work: those of voices that cannot be used, or of missing recordings."""

    @property
    def notices(self) -> list[str]:
        """What a user should know of the voices and of the recordings."""
        said = [notice for _, prompt in self.prompts.values() for notice in prompt.notices]
        return [*said, *self.row_notices]

    @property
    def has_sources(self) -> bool:
        """Whether rows are recordings."""
        return "source" in task_named(self.asked.task).settled

    def settings(self) -> dict[str, Any]:
        """What the takes depend on; a run goes on only while all of it is the same."""
        return {
            "task": self.asked.task,
            "manifest_sha256": file_sha256(self.manifest.path),
            **self.inputs,
            "voices": dict(sorted(self.asked.voice_sha256.items())),
            **self.asked.defaults,
            **self.asked.chosen,
            "seed": self.asked.seed,
            "model": self.model,
            "fingerprint": self.asked.fingerprint,
        }

    def plan_schema(self) -> pa.Schema:
        return plan_schema(self.manifest.schema, task_named(self.asked.task).settled)

    def plan(
        self,
        map_tables: MapTables = map,
        keep_sources: KeepSources = forget_sources,
        carry_over: CarryOver = as_planned,
    ) -> Iterator[pa.Table]:
        """The plan, a window at a time; phonemes are made and recordings hashed here, or wherever `map_tables` does."""
        check_chain([task_named(self.asked.task).stage, Appraise], self.plan_schema().names)
        return plan_rows(self.manifest, self.read, self.asked, map_tables, keep_sources, carry_over)


def check_order(order: SpeakOrder) -> CheckedOrder:
    """Find everything that is wrong with an order before a worker starts, and tell it at once.

    Raises:
        InputError: the manifest, a voice or an option is wrong, or several things are.
        BundleError: the model cannot be loaded or does not speak, and nothing else is wrong.
    """
    problems = Problems()
    problems.attempt(order.measures.check)
    lexicon = problems.attempt(lambda: Lexicon.read(order.lexicon) if order.lexicon else None)
    model = problems.attempt(lambda: find_speaker(order.model_factory, order.bundle))
    found = find_rows_and_voices(
        order.manifest,
        order.voices,
        problems,
        one_of=("text", "phonemes"),
        languages=model.languages if model else None,
        default_language=order.language,
    )
    prompts = problems.attempt(
        lambda: prepare_voices(
            found.voices,
            model.check_prompt if model else take_any_prompt,
            allow_unknown=True,
            denoise_ratio=order.voices.denoise_ratio,
            denoised_by_model=bool(model and model.denoises),
        )
    )
    problems.raise_any()
    assert found.manifest  # or something would have been raised; so with the others
    assert found.n_rows
    assert model
    assert prompts is not None
    asked = Asked(
        task=SPEAK.name,
        defaults={"voice": found.default, "lang": order.language, "speed": order.speed},
        seed=order.seed,
        voice_sha256={name: prompt.sha256 for name, (_, prompt) in prompts.items()},
        fingerprint=model.fingerprint,
        one_voice=found.one_voice,
    )
    return CheckedOrder(
        manifest=found.manifest,
        n_rows=found.n_rows,
        prompts=prompts,
        asked=asked,
        model=model.name,
        read=ReadText(front_ends(lexicon)),
        inputs={"lexicon_sha256": file_sha256(order.lexicon) if order.lexicon else None},
    )


def find_speaker(factory: str, bundle: str) -> ModelOutline:
    """The outline of a model that speaks; raises BundleError for any other."""
    model = find_outline(factory, bundle)
    if not model.languages:
        raise BundleError(
            "The model converts recordings and does not read text",
            got=model.name,
            mend="choose another with --model, or convert recordings with `hierbatch convert`",
        )
    return model


def file_sha256(path: Path) -> str:
    """Hash of a file that was read before."""
    with readable(path) if is_remote(path) else path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
