"""Arguments shared by several commands. Options shared by several commands are declared in option groups."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.object_path import local_path, parse_path

ManifestPath = Annotated[
    Path, typer.Argument(parser=parse_path, help="Manifest (.parquet, .csv, .jsonl; or s3://...) with id and text.")
]
RecordingsPath = Annotated[
    Path, typer.Argument(parser=local_path, help="Manifest (.parquet, .csv, .jsonl) with id and source, or a folder.")
]
RunPath = Annotated[Path, typer.Argument(parser=parse_path, help="Run folder.")]
RunFolderOut = Annotated[
    Path, typer.Option(parser=parse_path, help="Run folder (or s3://...): created, or resumed if it exists.")
]
LocalRunOut = Annotated[Path, typer.Option(parser=local_path, help="Run folder: created, or resumed if it exists.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Clips = Annotated[bool, typer.Option("--clips", help="Also write OUT/export/clips/ID.flac.")]
Who = Annotated[str | None, typer.Option(help="Name of the reviewer.")]
