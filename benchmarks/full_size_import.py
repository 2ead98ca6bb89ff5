"""Import of full-size checkpoints by the command line, verified on golden cases.

    python benchmarks/full_size_import.py --golden ../shared/golden
    python benchmarks/full_size_import.py --golden ../shared/golden --cases hier/vcA ttv/inferA

Writes a full-size synthesizer and TTV checkpoint (about 100 million rule weights each, under their published names) in
the format of their trainers: `model` next to `iteration`, `optimizer` and `learning_rate`. `hierbatch models add`
identifies and imports them; the bundle's networks are then loaded as for synthesis and run on golden cases. Exits with
1 if any output is outside its tolerance. Needs 2 GB of disk while it runs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from hierbatch.models.hierspeechpp.networks import HierSpeechPPNetworks
from hierbatch.models.weights.bundle import find_bundle
from hierbatch.models.weights.checkpoint import Checkpoint
from hierbatch.programs import run_program

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `tools` is not installed
from tools.parity.comparison import GoldenNetworks, MissingWeights
from tools.parity.golden import GoldenCase, GoldenFolder, read_golden_folder
from tools.parity.synthesizer import check_synthesizer
from tools.parity.text_to_vector import check_text_to_vector

CHECKPOINTS = {"hier": "hierspeechpp_v1.1_ckpt.pth", "ttv": "ttv_lt960_ckpt.pth"}
CHECKS = {"hier": check_synthesizer, "ttv": check_text_to_vector}
COMMAND = "from hierbatch.cli.app import main; main()"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--golden", type=Path, required=True, help="a golden folder")
    parser.add_argument("--cases", nargs="+", default=["hier/ncB", "ttv/ncB"])
    options = parser.parse_args()
    golden = read_golden_folder(options.golden)
    known = {case.name for case in golden.cases if case.module in CHECKPOINTS and is_inference(case)}
    if unknown := set(options.cases) - known:
        parser.error(f"--cases: unknown {', '.join(sorted(unknown))}; choose from {', '.join(sorted(known))}")
    with tempfile.TemporaryDirectory() as folder:
        for module, name in CHECKPOINTS.items():
            n_weights = write_checkpoint(golden, module, Path(folder) / name)
            print(f"{name}: {n_weights / 1e6:.1f} million weights", flush=True)
        bundle = import_by_command(Path(folder), [Path(folder) / name for name in CHECKPOINTS.values()])
        sys.exit(0 if run_cases(golden, bundle, options.cases) else 1)


def is_inference(case: GoldenCase) -> bool:
    """True if a case needs no training-only components, without which bundles are loaded."""
    return str(case.args.get("method")).startswith(("voice_conversion", "infer"))


def write_checkpoint(golden: GoldenFolder, module: str, path: Path) -> int:
    """Write a module's rule weights in the trainer's format; returns their number."""
    checkpoint = GoldenNetworks(golden, None).with_rule_weights(module, _identity)
    saved = {"model": dict(checkpoint.weights), "iteration": 1_000, "optimizer": {}, "learning_rate": 1e-4}
    torch.save(saved, path)
    return sum(value.numel() for value in checkpoint.weights.values())


def import_by_command(folder: Path, checkpoints: list[Path]) -> Path:
    """Import checkpoints by the command line and print its output; returns the bundle's folder."""
    arguments = ["models", "add", *map(str, checkpoints), "--name", "full", "--folder", str(folder / "models")]
    started_s = time.monotonic()
    print(run_program([sys.executable, "-c", COMMAND, *arguments], timeout_s=1800).decode(), end="")
    print(f"imported in {time.monotonic() - started_s:.0f} s\n", flush=True)
    return folder / "models" / "full"


def run_cases(golden: GoldenFolder, folder: Path, names: list[str]) -> bool:
    """Run golden cases on a bundle's networks and print each output; True if all are within tolerance.

    Args:
        golden: the golden folder.
        folder: the bundle's folder.
        names: names of the cases to run.
    """
    loaded = HierSpeechPPNetworks.from_bundle(find_bundle(folder))
    networks = ImportedNetworks(golden, {"hier": loaded.synthesizer.eval(), "ttv": loaded.text_to_vector.eval()})
    print("| case | output | largest difference | tolerance |\n| --- | --- | --- | --- |")
    n_failed = 0
    for case in golden.cases:
        if case.name not in names:
            continue
        with torch.inference_mode():
            outputs = CHECKS[case.module](case, networks)
        assert not isinstance(outputs, MissingWeights)
        for output in outputs:
            print(f"| {case.name} | {output.output} | {output.difference:.1e} | {output.tolerance:.0e} |", flush=True)
            n_failed += not output.is_met
    print(f"\n{n_failed} outputs outside their tolerance")
    return not n_failed


class ImportedNetworks(GoldenNetworks):
    """A bundle's networks in place of those on rule weights."""

    def __init__(self, golden: GoldenFolder, loaded: dict[str, Any]) -> None:
        super().__init__(golden, None)
        self.loaded = loaded

    def with_rule_weights(self, module: str, make: object) -> Any:
        return self.loaded[module]


def _identity(checkpoint: Checkpoint) -> Checkpoint:
    return checkpoint


if __name__ == "__main__":
    main()
