"""`hierbatch models`: list, show, import and assemble models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hierbatch.cli.licenses import print_license_warnings

if TYPE_CHECKING:
    from hierbatch.jobs.weights.import_models import ImportedComponent

models = typer.Typer(no_args_is_help=True)


@models.callback()
def about() -> None:
    """List, show, import and assemble models."""


@models.command()
def add(
    sources: Annotated[
        list[str],
        typer.Argument(help="Checkpoint files or folders; NETWORK=FILE if a file is not identified."),
    ],
    name: Annotated[str, typer.Option(help="Name of the model, for --model.")] = "hierspeechpp",
    folder: Annotated[
        Path | None,
        typer.Option(help="Folder of imported models. Default: HIERBATCH_MODELS, or the user's data folder."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an imported model of this name.")] = False,
    page: Annotated[
        Path | None, typer.Option(help="TOML page of networks trained elsewhere: sizes, languages, symbols.")
    ] = None,
) -> None:
    """Import HierSpeech++ checkpoints as a model.

    Files are read without running code, checked completely and stored as
    safetensors.

    Example: hierbatch models add checkpoints --name mine
    """
    from hierbatch.jobs.weights.import_models import ImportModels, import_models

    job = ImportModels(sources=sources, name=name, folder=folder, replace=replace, page=page)
    result = import_models(job, _print_component)
    for path in result.left_out:
        print(f"skipped      {path}: no known network")
    print(f"model        {result.bundle.name}: {result.bundle.folder}")
    print_license_warnings(result.bundle.licenses)


@models.command()
def assemble(
    model: Annotated[
        Literal["lite", "speechsr"], typer.Argument(help="lite (HierSpeech2-Lite) or speechsr (bandwidth extension).")
    ],
    training: Annotated[Path, typer.Option(help="Training folder of `hierbatch train lite`.")],
    out: Annotated[Path, typer.Option(help="Bundle folder to write.")],
    start: Annotated[str | None, typer.Option(help="With lite: bundle that provides the other networks.")] = None,
    f0_spread: Annotated[float, typer.Option(help="With lite: scale of the predicted F0 contour.")] = 1.5,
    latent_contrast: Annotated[float, typer.Option(help="With lite: variance scaling of the latent.")] = 1.1,
) -> None:
    """Assemble trained networks into a bundle.

    Example: hierbatch models assemble lite --training training --out my-model
    """
    from hierbatch.jobs.weights.assemble import AssembleJob, AssembleSpeechSR, assemble_speechsr
    from hierbatch.jobs.weights.assemble import assemble as assemble_lite

    if model == "speechsr":
        assemble_speechsr(AssembleSpeechSR(training=training, out=out))
    else:
        assemble_lite(
            AssembleJob(training=training, out=out, start=start, f0_spread=f0_spread, latent_contrast=latent_contrast)
        )
    print(f"bundle: {out}")


@models.command("list")
def list_() -> None:
    """List all packaged and imported models.

    Example: hierbatch models list
    """
    from hierbatch.models.catalog.model_info import output_rate_hz
    from hierbatch.models.weights.bundle import list_bundles

    for bundle in list_bundles():
        languages = ", ".join(bundle.languages) or "no text"
        parts = f"  ({', '.join(part.name for part in bundle.components)})" if bundle.components else ""
        print(f"{bundle.name:16}{bundle.kind:16}{languages:10}{output_rate_hz(bundle):7} Hz  {bundle.license}{parts}")


@models.command()
def show(model: Annotated[str, typer.Argument(help="Name of a model, or a bundle folder.")]) -> None:
    """Show the kind, languages, license, hashes and sources of a model.

    Example: hierbatch models show lite
    """
    from hierbatch.models.catalog.model_info import output_rate_hz
    from hierbatch.models.weights.bundle import find_bundle

    bundle = find_bundle(model)
    print(f"name         {bundle.name}")
    print(f"kind         {bundle.kind}")
    print(f"languages    {', '.join(bundle.languages) or 'no text input'}")
    print(f"rate         {output_rate_hz(bundle)} Hz")
    print(f"license      {'; '.join(bundle.licenses)}")
    print(f"fingerprint  {bundle.fingerprint}")
    print(f"SHA-256      {bundle.weights_sha256}")
    print(f"folder       {bundle.folder}")
    for part in bundle.components:
        origin = f"the published {part.published_name}" if part.published_name else "not a known published file"
        print(f"component    {part.name}: {part.license}, from {part.source}, {origin}, SHA-256 {part.source_sha256}")
    card = bundle.folder / "MODEL_CARD.md"
    if card.is_file():
        print(f"card         {card}")
    print_license_warnings(bundle.licenses)


def _print_component(part: ImportedComponent) -> None:
    known = f"the published {part.published_name}" if part.published_name else "not a known published file"
    print(f"{part.network.name:13}{part.path}: {known}, SHA-256 {part.sha256}", flush=True)
