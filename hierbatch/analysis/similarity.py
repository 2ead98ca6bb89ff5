"""Whose voice it is: takes of every voice against every prompt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.analysis.study import RunStudy
from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, PromptError

Vector = npt.NDArray[np.float32]
Embed = Callable[[Waveform], Vector]
"""A speaker network: sound to one vector; may raise PromptError for sound it cannot use."""

_N_TAKES = 4
_MOST_VOICES = 16


@dataclass(frozen=True, slots=True)
class SimilarityMatrix:
    """Mean cosine of a voice's takes (row) and a voice's prompt (column); `network` names what compared them."""

    voices: tuple[str, ...]
    values: npt.NDArray[np.float64]
    network: str

    @property
    def n_nearest_own(self) -> int:
        """Voices whose takes are nearest to their own prompt."""
        return int((self.values.argmax(axis=1) == np.arange(len(self.voices))).sum())


def similarity_matrix(
    run: RunStudy, embed: Embed | None = None, network: str = "", n_takes: int = _N_TAKES
) -> SimilarityMatrix:
    """Compare some takes of each voice (at most 16 voices, the most frequent) with all prompts.

    Without a speaker network of your own the model's style encoder compares. It made the takes, so it flatters them:
    good for finding a voice that got mixed up, not for claims.

    Raises:
        InputError: the run has no voices, or nothing was spoken in them.
    """
    if embed is None:
        embed, network = style_embedding(), "the model's own style encoder"
    prompts = {row["voice"]: row["audio"]["bytes"] for row in run.voices.to_pylist() if row.get("audio")}
    names = [voice.voice for voice in run.summary.voices if voice.n_ok and voice.voice in prompts][:_MOST_VOICES]
    spoken = {name: vectors for name in names if len(vectors := _takes_of(run, name, embed, n_takes))}
    if not spoken:
        raise InputError("There are no voices to compare", wanted="a run with its voices table and spoken rows")
    heard = np.stack([_unit(embed(read_sound(prompts[name], name=f"voice {name}"))) for name in spoken])
    values = np.stack([(vectors @ heard.T).mean(axis=0) for vectors in spoken.values()]).astype(np.float64)
    return SimilarityMatrix(tuple(spoken), values, network or "the given network")


def style_embedding(bundle: str = "lite") -> Embed:
    """The style encoder of a packaged model as a speaker network."""
    from hierbatch.models.hierspeech import HierSpeech  # torch is loaded only where it is asked for

    model = HierSpeech.load(bundle)
    return lambda sound: model.encode_voice(sound).sound_style


def _takes_of(run: RunStudy, voice: str, embed: Embed, n_takes: int) -> npt.NDArray[np.float32]:
    """Unit vectors of up to so many takes, the longest of the first: a word alone says little of who speaks."""
    rows = run.arrow(["id", "voice", "status", "duration_s"]).to_pandas()
    rows = rows[(rows["voice"] == voice) & (rows["status"] == "ok")].head(8 * n_takes)
    ids = list(rows.sort_values("duration_s", ascending=False)["id"].head(n_takes))
    vectors = []
    for row_id, content in run.takes.sounds(ids).items():
        try:
            vectors.append(_unit(embed(read_sound(content, name=row_id))))
        except PromptError:
            continue  # too short, or nothing voiced in it
    return np.stack(vectors) if vectors else np.zeros((0, 0), np.float32)


def _unit(vector: Vector) -> Vector:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
