"""The files for clusters are complete as far as a machine without one can tell."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml
from typer.testing import CliRunner

from hierbatch.cli.app import app

DEPLOY = Path(__file__).parents[2] / "deploy"


def has_options(words):
    """True if `hierbatch run` knows all options of a command line."""
    shown = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200"}).output
    return all(word in shown for word in words if word.startswith("--"))


def test_the_ray_job_mounts_its_data_in_every_pod_and_runs_a_command_that_exists():
    job = yaml.safe_load((DEPLOY / "rayjob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        pod = group["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert all({mount["name"] for mount in box["volumeMounts"]} <= volumes for box in pod["containers"])
    command = job["spec"]["entrypoint"].split()
    assert command[:2] == ["hierbatch", "run"]
    assert has_options(command)


def test_the_ray_job_has_the_fields_of_its_schema_and_pods_that_kubernetes_accepts():
    job = yaml.safe_load((DEPLOY / "rayjob.yaml").read_text())
    fields = json.loads((Path(__file__).parent / "rayjob_fields.json").read_text())
    jsonschema.validate(job, fields)
    cluster = job["spec"]["rayClusterSpec"]
    pods = [group["template"] for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])]
    for number, pod in enumerate(pods):
        named = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pod-{number}"}, **pod}
        kubernetes_validate.validate(named, "1.30", strict=True)
    pods[0]["spec"]["containers"][0]["volumeMount"] = []  # a misspelled field is found
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**named, **pods[0]}, "1.30", strict=True)
    cluster["workerGroupSpecs"][0]["maxReplica"] = 8
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(job, fields)


def test_the_slurm_script_is_valid_shell_with_options_that_slurm_knows():
    script = DEPLOY / "slurm.sh"
    subprocess.run(["bash", "-n", str(script)], check=True)
    words = [line.split()[1] for line in script.read_text().splitlines() if line.startswith("#SBATCH")]
    known = {"job-name", "nodes", "ntasks-per-node", "cpus-per-task", "gpus-per-task", "time", "requeue"}
    assert {word.removeprefix("--").partition("=")[0] for word in words} == known


def test_the_slurm_script_starts_a_head_and_nodes_and_runs(tmp_path):
    for name, output in (("scontrol", "printf 'n1\\nn2\\nn3\\n'"), ("sleep", ":"), ("srun", ""), ("hierbatch", "")):
        body = output or f'echo "{name} $@" >> {tmp_path}/calls'
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SLURM_JOB_ID": "7",
        "SLURM_JOB_NODELIST": "n[1-3]",
    }
    words = ["bash", str(DEPLOY / "slurm.sh"), "rows.parquet", "voices.csv", "out", "--dtype", "bfloat16"]
    subprocess.run(words, env=environment, check=True)
    (run,) = [line for line in (tmp_path / "calls").read_text().splitlines() if line.startswith("hierbatch")]
    options = "--ray-address n1:20007 --workers 3 --device cuda --dtype bfloat16"
    assert run == f"hierbatch run rows.parquet --voices voices.csv --out out {options}"
    assert has_options(run.split())
    assert subprocess.run(words[:3], env=environment, check=False, capture_output=True).returncode == 2


def test_the_dashboard_and_the_page_show_the_metrics_that_a_run_publishes():
    source = (DEPLOY.parent / "hierbatch" / "engine" / "ray_metrics.py").read_text()
    published = set(re.findall(r'"(hierbatch_\w+)"', source))
    dashboard = json.loads((DEPLOY / "grafana.json").read_text())
    queries = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    assert {name for name in published if f"ray_{name}" in queries} == published
    page = (DEPLOY.parent / "docs" / "cluster.md").read_text()
    assert {name for name in published if f"`ray_{name}`" in page} == published
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) >= 5


def test_the_collector_and_the_page_know_every_event():
    written = set()
    for path in (DEPLOY.parent / "hierbatch").rglob("*.py"):
        written |= set(re.findall(r'log_event\(\s*"(\w+)"', path.read_text()))
    page = (DEPLOY.parent / "docs" / "events.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == written
    collector = yaml.safe_load((DEPLOY / "otel-collector.yaml").read_text())
    levels = collector["receivers"]["filelog"]["operators"][0]["severity"]["mapping"]
    assert {event for events in levels.values() for event in events} == written


def test_the_conda_recipe_requires_what_the_package_requires():
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[<>=~;\s]", text)[0] for text in project["dependencies"]} - {"audioop-lts"}
    assert len(declared) <= 23  # and audioop-lts
    names = {"pytorch": "torch", "ray-core": "ray", "pysoundfile": "soundfile", "soxr-python": "soxr"}
    names |= {"pyworld": "pyworld-prebuilt"}
    recipe = (DEPLOY / "conda" / "recipe.yaml").read_text().partition("\n  run:")[2].partition("\ntests:")[0]
    required = {names.get(name, name) for name in re.findall(r"^    - ([\w-]+)", recipe, re.MULTILINE)}
    assert required - {"python", "espeak-ng", "pyyaml"} == declared
