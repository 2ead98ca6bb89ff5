"""Golden checks of monotonic alignment search: random scores and their optimal path."""

from __future__ import annotations

import re

import torch

from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.text_to_vector.alignment import search_alignment
from tools.parity.comparison import CaseResult, GoldenNetworks, OutputCheck, read_arrays
from tools.parity.golden import GoldenCase


def check_alignment(case: GoldenCase, _networks: GoldenNetworks) -> CaseResult:
    """Compare the path of every batch of scores, which must be identical."""
    batches = [name.removeprefix("in_value") for name in case.arrays() if re.fullmatch(r"in_value\d+", name)]
    if not batches:
        raise InputError("The case has no in_value0")
    checks = []
    for batch in batches:
        value, n_frames, n_symbols = f"in_value{batch}", f"in_t_y{batch}", f"in_t_x{batch}"
        wanted = f"out_path{batch}"
        arrays = read_arrays(case, {value: "B T N", n_frames: "B", n_symbols: "B", wanted: "B T N"})
        path = search_alignment(arrays[value].numpy(), arrays[n_frames].numpy(), arrays[n_symbols].numpy())
        checks.append(OutputCheck(wanted, torch.from_numpy(path), arrays[wanted], 0.0))
    return checks
