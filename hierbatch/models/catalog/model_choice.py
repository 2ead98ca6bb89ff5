"""Options for the choice of a model and of the device that it runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from hierbatch.models.device_placement import DevicePlacement
from hierbatch.option import Option, OptionGroup


@dataclass(frozen=True, kw_only=True)
class DeviceChoice(OptionGroup):
    """Device, precision and compilation of a model."""

    TITLE: ClassVar[str] = "Workers"

    device: Annotated[str, Option("cpu, cuda, mps (Apple GPU) or, with --engine local, cuda:N.")] = "cpu"
    dtype: Annotated[str, Option("Precision: float32, bfloat16 or, on a GPU, float16.")] = "float32"
    compile: Annotated[bool, Option("Compile the networks: slower start, faster on a GPU.")] = False

    @property
    def placement(self) -> DevicePlacement:
        """Device, precision and compilation in one value.

        Raises:
            InputError: the device or dtype is unknown, or they do not fit each other.
        """
        return DevicePlacement(device=self.device, dtype=self.dtype, is_compiled=self.compile)


@dataclass(frozen=True, kw_only=True)
class ModelName(OptionGroup):
    """Name of a model, or the folder of its bundle."""

    TITLE: ClassVar[str] = "Sound"

    model: Annotated[str, Option("Name of a model, or a bundle folder.")] = "lite"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "model", str(self.model))


@dataclass(frozen=True, kw_only=True)
class ModelChoice(ModelName, DeviceChoice):
    """Model of a run, and the device that it runs on."""
