"""Loading of models by name for the Python API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, overload

from hierbatch.errors import BundleError
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.model_info import UPSAMPLER_KIND
from hierbatch.models.catalog.open_model import open_model, open_upsampler
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.weights.bundle import find_bundle

if TYPE_CHECKING:
    from hierbatch.api.speech import SpeechPipeline
    from hierbatch.api.upsampling import UpsamplingPipeline
    from hierbatch.models.speech import SpeechModel


@overload
def load(
    model: Literal["lite"] = "lite", *, device: str = ..., dtype: str = ..., compile: bool = ...
) -> SpeechPipeline: ...


@overload
def load(
    model: Literal["speechsr"], *, device: str = ..., dtype: str = ..., compile: bool = ...
) -> UpsamplingPipeline: ...


@overload
def load(
    model: str | Path, *, device: str = ..., dtype: str = ..., compile: bool = ...
) -> SpeechPipeline | UpsamplingPipeline: ...


def load(
    model: str | Path = "lite",
    *,
    device: str = "cpu",
    dtype: str = "float32",
    compile: bool = False,  # the name torch gives it
) -> SpeechPipeline | UpsamplingPipeline:
    """Load a packaged or imported model by name, or a bundle by its folder.

    Args:
        model: `lite` for speech synthesis and conversion, `speechsr` for bandwidth extension; `hierbatch models list`
            shows all models.
        device: `cpu`, `cuda`, `cuda:N` or `mps`.
        dtype: precision of matrix products, `float32`, `bfloat16` or `float16`.
        compile: True to compile the networks: loading is slower, then synthesis on a GPU is faster.

    Raises:
        BundleError: there is no such model, or its weights are damaged.
        InputError: this machine has no such device.
    """
    placement = DevicePlacement(device=device, dtype=dtype, is_compiled=compile)
    bundle = find_bundle(model)
    if bundle.kind == UPSAMPLER_KIND:
        from hierbatch.api.upsampling import UpsamplingPipeline

        return UpsamplingPipeline(open_upsampler(model, placement))
    from hierbatch.api.speech import SpeechPipeline

    return SpeechPipeline(cast("SpeechModel", open_model(model, placement)), placement)


def load_speech_pipeline(choice: ModelChoice) -> SpeechPipeline:
    """Load the text-to-speech model that the options of a command select.

    Raises:
        BundleError: there is no such model, it upsamples recordings only, or its weights are damaged.
        InputError: this machine has no such device.
    """
    from hierbatch.api.speech import SpeechPipeline

    pipeline = load(choice.model, device=choice.device, dtype=choice.dtype, compile=choice.compile)
    if not isinstance(pipeline, SpeechPipeline):
        raise BundleError(
            "The model cannot synthesize speech",
            expected="a text-to-speech model",
            got=choice.model,
            fix="choose another with --model",
        )
    return pipeline
