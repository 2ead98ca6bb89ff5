"""`hierbatch models`: which networks are here, taking in others, and proving them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import exit_codes
from hierbatch.cli.licenses import tell_licenses

if TYPE_CHECKING:
    from hierbatch.jobs.import_models import ImportedPart

models = typer.Typer(no_args_is_help=True)


@models.callback()
def about() -> None:
    """Look at the networks, take in checkpoints, and prove them."""


@models.command("import")
def import_(
    sources: Annotated[
        list[str],
        typer.Argument(help="Checkpoint files and folders; NETWORK=FILE where a file does not tell what it is."),
    ],
    name: Annotated[str, typer.Option(help="What to call the model; use it with --model.")] = "official",
    folder: Annotated[
        Path | None, typer.Option(help="Where imported models live; HIERBATCH_MODELS or the user's data folder.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a model of that name.")] = False,
) -> None:
    """Take in HierSpeech++ checkpoints: read without running code, checked whole, kept as safetensors."""
    from hierbatch.jobs.import_models import ImportModels, import_models

    made = import_models(ImportModels(sources=sources, name=name, folder=folder, replace=replace), _tell_part)
    for path in made.left_out:
        print(f"left out     {path}: of no known network")
    print(f"model        {made.bundle.name}: {made.bundle.folder}")
    tell_licenses(made.bundle.licenses)


@models.command("list")
def list_() -> None:
    """Every model that is here, packaged or imported."""
    from hierbatch.models.bundle import list_bundles
    from hierbatch.models.outline import delivered_rate_hz

    for bundle in list_bundles():
        languages = ", ".join(bundle.languages) or "no text"
        parts = f"  ({', '.join(part.name for part in bundle.parts)})" if bundle.parts else ""
        print(
            f"{bundle.name:16}{bundle.kind:16}{languages:10}{delivered_rate_hz(bundle):7} Hz  {bundle.license}{parts}"
        )


@models.command()
def show(model: Annotated[str, typer.Argument(help="A model's name, or a bundle's folder.")]) -> None:
    """What a model is: kind, languages, licence, hashes, and where each network came from."""
    from hierbatch.models.bundle import find_bundle
    from hierbatch.models.outline import delivered_rate_hz

    bundle = find_bundle(model)
    print(f"name         {bundle.name}")
    print(f"kind         {bundle.kind}")
    print(f"languages    {', '.join(bundle.languages) or 'reads no text'}")
    print(f"rate         {delivered_rate_hz(bundle)} Hz")
    print(f"license      {'; '.join(bundle.licenses)}")
    print(f"fingerprint  {bundle.fingerprint}")
    print(f"SHA-256      {bundle.weights_sha256}")
    print(f"folder       {bundle.folder}")
    for part in bundle.parts:
        published = f"the published {part.published}" if part.published else "not a published file that is known"
        print(
            f"part         {part.name}: {part.license}, from {part.source}, {published}, SHA-256 {part.source_sha256}"
        )
    card = bundle.folder / "MODEL_CARD.md"
    if card.is_file():
        print(f"card         {card}")
    tell_licenses(bundle.licenses)


@models.command()
def verify(
    golden: Annotated[Path, typer.Option(help="Folder of golden cases, with manifest.json.")],
    weights: Annotated[
        Path | None,
        typer.Option(help="Folder with published weights, for the cases on them; 'weights' beside the golden folder."),
    ] = None,
) -> None:
    """Run every golden case: is each network's output the published one's? Exits 1 if any is off."""
    from hierbatch.jobs.verify_models import VerifyJob, verify_models

    n_off = 0
    for verdict in verify_models(VerifyJob(golden=golden, weights=weights)):
        measured = ""
        if verdict.difference is not None:
            measured = f"  max difference {verdict.difference:.1e}, tolerance {verdict.tolerance:.0e}"
        print(f"{verdict.outcome:8}{verdict.case}{measured}{'  ' + verdict.why if verdict.why else ''}", flush=True)
        n_off += verdict.outcome == "off"
    if n_off:
        raise typer.Exit(exit_codes.NOT_THE_SAME)


def _tell_part(part: ImportedPart) -> None:
    known = f"the published {part.published}" if part.published else "not a published file that is known"
    print(f"{part.network.name:13}{part.path}: {known}, SHA-256 {part.sha256}", flush=True)
