"""Golden folders of other salts, inputs and lengths: `verify` finds them ok, and off once an output is altered."""

import sys

import numpy as np
import pytest

from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.blocks.anti_aliased import kaiser_sinc
from tests.loading import ROOT, load_script
from tests.models.golden_data import GOLDEN, golden
from tools.parity.golden import read_golden_folder
from tools.parity.verify import VerifyJob, verify_models

MODULES = ("speechsr24k", "speechsr48k", "denoiser", "resample", "mas")


@pytest.fixture(scope="module")
def other_folder(tmp_path_factory):
    sys.path.insert(0, str(ROOT / "benchmarks"))
    folder = tmp_path_factory.mktemp("golden")
    list(load_script("benchmarks/golden_folder.py").write_folder(folder, GOLDEN, "another:", 3, MODULES))
    return folder


def outcomes(folder):
    return {verdict.case: verdict for verdict in verify_models(VerifyJob(golden=folder))}


@golden
def test_another_salt_and_other_lengths_are_ok_and_an_altered_output_is_off(other_folder):
    found = outcomes(other_folder)
    assert {case.split("/")[0] for case in found} == set(MODULES)
    assert {case: verdict.reason for case, verdict in found.items() if verdict.outcome != "ok"} == {}

    case = other_folder / "speechsr48k" / "rule_1999.npz"
    with np.load(case) as stored:
        arrays = dict(stored)
    arrays["out_audio"][1, 0, 5_000] += 2e-4
    np.savez(case, **arrays)
    assert {name for name, verdict in outcomes(other_folder).items() if verdict.outcome == "failed"} == {
        "speechsr48k/rule_1999"
    }


@golden
def test_weights_of_another_salt_are_reported_by_their_hash(other_folder):
    folder = read_golden_folder(other_folder)
    salted = type(folder)(folder.folder, "wrong:", folder.cases)
    with pytest.raises(InputError, match="not the golden ones"):
        salted.rule_checkpoint("speechsr24k", {"filter": lambda _n_taps: kaiser_sinc()})
