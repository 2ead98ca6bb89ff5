"""Speaker similarity of each voice's takes to every prompt of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from hierbatch.analysis.study import RunStudy
from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, PromptError

Vector = npt.NDArray[np.float32]
Embed = Callable[[Waveform], Vector]
"""A speaker encoder: audio to one vector; may raise PromptError for unusable audio."""

_N_TAKES = 4
_MAX_VOICES = 16


@dataclass(frozen=True, slots=True)
class SimilarityMatrix:
    """Mean cosine similarity of each voice's takes (rows) to each voice's prompt (columns), with the encoder's name."""

    voices: tuple[str, ...]
    values: npt.NDArray[np.float64]
    network: str

    @property
    def n_nearest_own(self) -> int:
        """Number of voices whose takes are more similar to their own prompt than to any other."""
        return int((self.values.argmax(axis=1) == np.arange(len(self.voices))).sum())


def similarity_matrix(
    run: RunStudy, embed: Embed | None = None, network: str = "", n_takes: int = _N_TAKES
) -> SimilarityMatrix:
    """Compare takes of each voice with all prompts, for the 16 most frequent voices.

    The default speaker encoder is the model's own style encoder. The takes were generated from embeddings of this
    encoder, so the similarities are too high: use them to find mixed-up voices, not for published results.

    Args:
        run: the run.
        embed: speaker encoder; None uses the packaged model's style encoder.
        network: name of the speaker encoder, for captions.
        n_takes: maximum number of takes per voice.

    Raises:
        InputError: no voice has both a prompt and a usable take.
    """
    if embed is None:
        embed, network = style_embedding(), "the model's own style encoder"
    prompts = {row["voice"]: row["audio"]["bytes"] for row in run.voices.to_pylist() if row.get("audio")}
    names = [voice.voice for voice in run.summary.voices if voice.n_ok and voice.voice in prompts][:_MAX_VOICES]
    embedded = {name: vectors for name in names if len(vectors := _takes_of(run, name, embed, n_takes))}
    if not embedded:
        raise InputError("There are no voices to compare", expected="a run with its voices table and spoken rows")
    prompt_vectors = np.stack([_unit(embed(read_sound(prompts[name], name=f"voice {name}"))) for name in embedded])
    values = np.stack([(vectors @ prompt_vectors.T).mean(axis=0) for vectors in embedded.values()]).astype(np.float64)
    return SimilarityMatrix(tuple(embedded), values, network or "the given network")


def style_embedding(bundle: str = "lite") -> Embed:
    """Load a packaged model and return its style encoder as a speaker encoder."""
    from hierbatch.models.lite.pipeline import LitePipeline  # imports torch, which is slow

    model = LitePipeline.load(bundle)
    return lambda sound: model.encode_voice(sound).sound_style


def _takes_of(run: RunStudy, voice: str, embed: Embed, n_takes: int) -> npt.NDArray[np.float32]:
    """Unit embeddings of the longest of a voice's first takes; short takes contain little speaker information."""
    rows = run.arrow(["id", "voice", "status", "duration_s"])
    is_spoken = pc.and_(pc.equal(rows.column("voice"), voice), pc.equal(rows.column("status"), "ok"))
    first = rows.filter(is_spoken).slice(0, 8 * n_takes)
    ids = first.sort_by([("duration_s", "descending")]).column("id").slice(0, n_takes).to_pylist()
    vectors = []
    for row_id, content in run.takes.sounds(ids).items():
        try:
            vectors.append(_unit(embed(read_sound(content, name=row_id))))
        except PromptError:
            continue  # too short, or without voiced frames
    return np.stack(vectors) if vectors else np.zeros((0, 0), np.float32)


def _unit(vector: Vector) -> Vector:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
