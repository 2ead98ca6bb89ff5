"""Options of jobs that read speech data sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from hierbatch.datasets.options import AUTOMATIC, LAYOUT_NAMES, DatasetOptions
from hierbatch.option import Option, OptionGroup


@dataclass(frozen=True, kw_only=True)
class DataLayout(OptionGroup):
    """Layout of data sets, and values that apply to all their rows."""

    TITLE: ClassVar[str] = "Data"

    layout: Annotated[str, Option(f"Layout of the data: {AUTOMATIC}, {', '.join(LAYOUT_NAMES)}.")] = AUTOMATIC
    language: Annotated[
        str | None, Option("Language code of all rows. Default: that of the data, or else detected from the text.")
    ] = None
    speaker: Annotated[str | None, Option("Speaker of all rows. Default: that of the data.")] = None

    @property
    def dataset_options(self) -> DatasetOptions:
        """The values of this group, for the readers of data sets."""
        return DatasetOptions(layout=self.layout, language=self.language, speaker=self.speaker)


@dataclass(frozen=True, kw_only=True)
class FeatureChoice(OptionGroup):
    """Content features and F0 of a prepared set."""

    TITLE: ClassVar[str] = "Features"

    features: Annotated[
        str,
        Option(
            "lite (packaged encoder, 64 channels), lite=BUNDLE, mms=FOLDER (mms-300m, 1024 channels, not for "
            "commercial use), or encoder=FOLDER (wav2vec 2.0, HuBERT, WavLM)."
        ),
    ] = "lite"
    layer: Annotated[int, Option("Transformer layer of mms and encoder.", minimum=1, maximum=48)] = 7
    teacher: Annotated[
        Path | None, Option("Folder of a Whisper model (CTranslate2) whose projected features replace --features.")
    ] = None
    f0: Annotated[str, Option("Pitch tracker: dio; harvest, more accurate, slower; yaapt, as in HierSpeech++.")] = "dio"
    f0_hop_ms: Annotated[int, Option("10, or 5 to store F0 every 5 ms too, for the published networks.")] = 10
