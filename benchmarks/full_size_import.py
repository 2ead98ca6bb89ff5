"""Checkpoints of the published sizes, imported by the command: do the bundle's networks give what they must?

    python benchmarks/full_size_import.py --golden ../shared/golden
    python benchmarks/full_size_import.py --golden ../shared/golden --cases hier/vcA ttv/inferA

Writes a synthesizer and a TTV of full size, about 100 million weights each by the golden folder's rule under their
published names, as their trainers save them: `model` beside `iteration`, `optimizer` and `learning_rate`. They are
told apart and taken in by `hierbatch models import`; what lies in the bundle is then loaded as for speaking and run on
golden cases. Exits with 1 where one is off. Wants 2 GB of disk while it runs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from hierbatch.models.bundle import find_bundle
from hierbatch.models.checkpoint import Checkpoint
from hierbatch.models.golden import GoldenCase, GoldenFolder, read_golden_folder
from hierbatch.models.official.networks import OfficialNetworks
from hierbatch.models.verification.comparison import GoldenNetworks, NotAtHand
from hierbatch.models.verification.synthesizer import check_synthesizer
from hierbatch.models.verification.text_to_vector import check_text_to_vector
from hierbatch.programs import run_program

CHECKPOINTS = {"hier": "hierspeechpp_v1.1_ckpt.pth", "ttv": "ttv_lt960_ckpt.pth"}
CHECKS = {"hier": check_synthesizer, "ttv": check_text_to_vector}
COMMAND = "from hierbatch.cli.app import main; main()"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--golden", type=Path, required=True, help="a golden folder")
    parser.add_argument("--cases", nargs="+", default=["hier/ncB", "ttv/ncB"])
    options = parser.parse_args()
    golden = read_golden_folder(options.golden)
    known = {case.name for case in golden.cases if case.module in CHECKPOINTS and is_of_use(case)}
    if strange := set(options.cases) - known:
        parser.error(
            f"--cases: there is no {', '.join(sorted(strange))}; wanted are some of {', '.join(sorted(known))}"
        )
    with tempfile.TemporaryDirectory() as folder:
        for module, name in CHECKPOINTS.items():
            n_weights = write_checkpoint(golden, module, Path(folder) / name)
            print(f"{name}: {n_weights / 1e6:.1f} million weights", flush=True)
        bundle = import_by_command(Path(folder), [Path(folder) / name for name in CHECKPOINTS.values()])
        sys.exit(0 if are_met(golden, bundle, options.cases) else 1)


def is_of_use(case: GoldenCase) -> bool:
    """Whether it wants no parts that are for training alone: a bundle is loaded without them."""
    return str(case.args.get("method")).startswith(("voice_conversion", "infer"))


def write_checkpoint(golden: GoldenFolder, module: str, path: Path) -> int:
    """Write a module's rule weights as a trainer saves them, and tell how many they are."""
    checkpoint = GoldenNetworks(golden, None).by_rule(module, _as_it_is)
    saved = {"model": dict(checkpoint.weights), "iteration": 1_000, "optimizer": {}, "learning_rate": 1e-4}
    torch.save(saved, path)
    return sum(value.numel() for value in checkpoint.weights.values())


def import_by_command(folder: Path, checkpoints: list[Path]) -> Path:
    """Import as a user does, print what the command says, and give the bundle's folder."""
    words = ["models", "import", *map(str, checkpoints), "--name", "full", "--folder", str(folder / "models")]
    started_s = time.monotonic()
    print(run_program([sys.executable, "-c", COMMAND, *words], limit_s=1800).decode(), end="")
    print(f"imported in {time.monotonic() - started_s:.0f} s\n", flush=True)
    return folder / "models" / "full"


def are_met(golden: GoldenFolder, folder: Path, names: list[str]) -> bool:
    """Run golden cases on the networks of a bundle and print a line each."""
    loaded = OfficialNetworks.of_bundle(find_bundle(folder))
    networks = Imported(golden, {"hier": loaded.synthesizer.eval(), "ttv": loaded.text_to_vector.eval()})
    print("| case | output | largest difference | tolerance |\n| --- | --- | --- | --- |")
    n_missed = 0
    for case in golden.cases:
        if case.name not in names:
            continue
        with torch.inference_mode():
            checked = CHECKS[case.module](case, networks)
        assert not isinstance(checked, NotAtHand)
        for found in checked:
            print(f"| {case.name} | {found.output} | {found.difference:.1e} | {found.tolerance:.0e} |", flush=True)
            n_missed += not found.is_met
    print(f"\n{n_missed} off")
    return not n_missed


class Imported(GoldenNetworks):
    """The networks of a bundle in the place of those the rule makes."""

    def __init__(self, golden: GoldenFolder, loaded: dict[str, Any]) -> None:
        super().__init__(golden, None)
        self.loaded = loaded

    def by_rule(self, module: str, make: object) -> Any:
        return self.loaded[module]


def _as_it_is(checkpoint: Checkpoint) -> Checkpoint:
    return checkpoint


if __name__ == "__main__":
    main()
