import json
import shutil

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from hierbatch.errors import InputError
from tests.models.golden_data import GOLDEN, ON_PUBLISHED_WEIGHTS, PUBLISHED, golden, published
from tools.parity import verify as job
from tools.parity.__main__ import app
from tools.parity.audio import check_pitch, check_style_mel
from tools.parity.comparison import OutputCheck
from tools.parity.denoiser import check_denoiser
from tools.parity.discriminators import check_discriminators
from tools.parity.end_to_end import check_end_to_end
from tools.parity.synthesizer import check_synthesizer
from tools.parity.text_to_vector import check_text_to_vector
from tools.parity.verify import VerifyJob, verify_models

KINDS = ON_PUBLISHED_WEIGHTS | {
    "hier", "ttv", "mas", "disc_hier", "disc_sr24", "disc_sr48", "style_mel", "speechsr24k", "speechsr48k",
    "denoiser", "f0", "text", "resample",
}  # fmt: skip


@pytest.fixture
def small_folder(tmp_path):
    """A golden folder of one short case of either network and one of a model unknown here."""
    page = json.loads((GOLDEN / "manifest.json").read_text())
    page["cases"] = [
        case for case in page["cases"] if case["module"].startswith("speechsr") and case["case"] == "rule_37"
    ]
    page["cases"].append({"module": "choir", "case": "sing", "file": "choir/sing.npz"})
    for name in ("speechsr24k", "speechsr48k"):
        (tmp_path / name).mkdir()
        for file in ("keys.json", "rule_37.npz"):
            shutil.copyfile(GOLDEN / name / file, tmp_path / name / file)
    (tmp_path / "manifest.json").write_text(json.dumps(page))
    return tmp_path


def verdicts(folder, weights=None):
    return {verdict.case: verdict for verdict in verify_models(VerifyJob(golden=folder, weights=weights))}


PROVEN_BY_NETWORK = {
    "hier": check_synthesizer,
    "style_mel": check_style_mel,
    "ttv": check_text_to_vector,
    "disc_hier": check_discriminators,
    "disc_sr24": check_discriminators,
    "disc_sr48": check_discriminators,
    "denoiser": check_denoiser,
    "f0": check_pitch,
    "e2e": check_end_to_end,
}
"""Checks whose golden cases are all run, and met, in the tests of their network (tests/models/verification)."""


@pytest.mark.slow
@golden
def test_every_case_of_every_kind_is_met(monkeypatch):
    asked = []

    def stand_in(case, networks):
        asked.append(case.name)
        found = torch.zeros(1)
        return [OutputCheck(output="out", found=found, expected=found, tolerance=0.0)]

    assert {module: job._CHECKS[module] for module in PROVEN_BY_NETWORK} == PROVEN_BY_NETWORK
    monkeypatch.setattr(job, "_CHECKS", dict(job._CHECKS) | dict.fromkeys(PROVEN_BY_NETWORK, stand_in))
    found = verdicts(GOLDEN)
    assert {name.partition("/")[0] for name in found} >= KINDS
    assert {name for name in found if name.partition("/")[0] in PROVEN_BY_NETWORK} == set(asked)
    skipped = {name for name, verdict in found.items() if verdict.outcome == "skipped"}
    wanted = set() if PUBLISHED.is_dir() else ON_PUBLISHED_WEIGHTS - PROVEN_BY_NETWORK.keys()
    assert {name.partition("/")[0] for name in skipped} == wanted
    assert {name: verdict.reason for name, verdict in found.items() if verdict.outcome == "failed"} == {}
    assert all(found[name].difference < 1e-5 for name in found if name.startswith(("speechsr24k", "speechsr48k")))


@pytest.fixture
def real_folder(tmp_path):
    """A golden folder of one case on published weights, with nothing beside it."""
    page = json.loads((GOLDEN / "manifest.json").read_text())
    page["cases"] = [case for case in page["cases"] if case["file"] == "speechsr_real/ref1.npz"]
    (tmp_path / "golden" / "speechsr_real").mkdir(parents=True)
    shutil.copyfile(GOLDEN / "speechsr_real" / "ref1.npz", tmp_path / "golden" / "speechsr_real" / "ref1.npz")
    (tmp_path / "golden" / "manifest.json").write_text(json.dumps(page))
    return tmp_path / "golden"


@published
def test_published_weights_beside_the_golden_folder_are_used(real_folder, monkeypatch):
    (real_folder.parent / "weights").symlink_to(PUBLISHED)
    monkeypatch.chdir(real_folder)
    told = CliRunner().invoke(app, ["verify", "--golden", "."])
    assert told.output.split()[:2] == ["ok", "speechsr_real/ref1"]
    assert "tolerance 1e-05" in told.output


@golden
def test_a_case_on_published_weights_reports_what_it_wants(real_folder):
    (verdict,) = verdicts(real_folder).values()
    assert verdict.outcome == "skipped"
    assert "--weights" in verdict.reason


@golden
def test_the_command_prints_a_line_a_case_and_fails_where_one_is_off(small_folder):
    told = CliRunner().invoke(app, ["verify", "--golden", str(small_folder)])
    assert told.exit_code == 0, told.output
    assert [line.split()[0] for line in told.output.splitlines()] == ["ok", "ok", "skipped"]
    path = small_folder / "speechsr48k" / "rule_37.npz"
    arrays = dict(np.load(path))
    arrays["out_audio"][0, 0, 5] += 0.01
    np.savez(path, **arrays)
    told = CliRunner().invoke(app, ["verify", "--golden", str(small_folder)])
    assert told.exit_code == 1
    assert [line.split()[0] for line in told.output.splitlines()] == ["ok", "failed", "skipped"]


@golden
def test_another_salt_makes_other_weights(small_folder):
    page = json.loads((small_folder / "manifest.json").read_text())
    (small_folder / "manifest.json").write_text(json.dumps(page | {"salt": "other:"}))
    verdict = verdicts(small_folder)["speechsr24k/rule_37"]
    assert verdict.outcome == "failed"
    assert "not the golden ones" in verdict.reason


@golden
def test_a_missing_or_damaged_case_fails_alone(small_folder):
    (small_folder / "speechsr24k" / "rule_37.npz").write_bytes(b"torn")
    found = verdicts(small_folder)
    assert [verdict.outcome for verdict in found.values()] == ["failed", "ok", "skipped"]


@pytest.mark.parametrize("page", [None, "{", "[]", '{"salt": ""}', '{"salt": "", "cases": [{"module": "a"}]}'])
def test_a_folder_that_is_not_golden_is_reported(tmp_path, page):
    if page is not None:
        (tmp_path / "manifest.json").write_text(page)
    with pytest.raises(InputError, match="golden folder"):
        verify_models(VerifyJob(golden=tmp_path))


def test_a_case_outside_its_folder_is_reported(tmp_path):
    case = {"module": "speechsr24k", "case": "far", "file": "../far.npz"}
    (tmp_path / "manifest.json").write_text(json.dumps({"salt": "", "cases": [case]}))
    with pytest.raises(InputError, match="outside"):
        verify_models(VerifyJob(golden=tmp_path))


@golden
def test_weights_named_but_missing_are_reported(small_folder):
    with pytest.raises(InputError, match="folder of published weights does not exist"):
        verify_models(VerifyJob(golden=small_folder, weights=small_folder / "none"))


@golden
def test_a_case_with_a_sound_of_another_shape_is_off(small_folder):
    path = small_folder / "speechsr24k" / "rule_37.npz"
    arrays = dict(np.load(path))
    np.savez(path, **arrays | {"in_audio16k": arrays["in_audio16k"][0, 0]})
    verdict = verdicts(small_folder)["speechsr24k/rule_37"]
    assert verdict.outcome == "failed"
    assert "wanted [B, 1, N]" in verdict.reason
