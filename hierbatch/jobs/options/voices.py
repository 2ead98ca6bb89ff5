"""Options that choose the voices of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

from hierbatch.option import Option, OptionGroup


@dataclass(frozen=True, kw_only=True)
class VoiceChoice(OptionGroup):
    """Voices of a run: one recording used for every row, or a table of voices."""

    TITLE: ClassVar[str] = "Voice"

    voice: Annotated[
        Path | None,
        Option("Recording of 3 to 15 s, or a voice file; with --voices, for rows without a voice."),
    ] = None
    voices: Annotated[
        Path | None, Option("Voices that rows name: a table, or a folder of recordings or voice files.")
    ] = None
    default_voice: Annotated[str | None, Option("With --voices: voice of rows without one.")] = None
    consent: Annotated[
        str,
        Option(
            "For recordings without a table: self, licensed, public_domain or synthetic. You are responsible for it."
        ),
    ] = "self"
    allow_unknown_consent: Annotated[bool, Option("Allow voices without a known consent.")] = False
    denoise_ratio: Annotated[
        float | None,
        Option(
            "Share of the denoised signal in noisy prompts; uses the model's denoiser if it has one.",
            flags=("--denoise",),
            minimum=0.0,
            maximum=1.0,
            metavar="RATIO",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class VoiceTable(VoiceChoice):
    """Table of the voices of a corpus; a single recording is not accepted, since a corpus needs several speakers."""

    voices: Annotated[Path | None, Option("Table of voices (.parquet, .csv, .jsonl), or a folder.")] = (
        field()
    )  # required
    voice: Path | None = field(default=None, init=False)
    default_voice: str | None = field(default=None, init=False)
    consent: str = field(default="unknown", init=False)
