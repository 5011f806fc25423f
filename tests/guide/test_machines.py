"""The manifest for Kubernetes on the page of cohorts: whole, valid, and its commands run here."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import guide_blocks
import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "Makefile").is_file(), reason="runs in a checkout, not on the built wheel"
)
START_S = 180.0


def manifest(right="", wrong=""):
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    (block,) = [b for b in guide_blocks.blocks(text) if "cluster.yaml" in b.marks.get("file", [])]
    assert right in block.body
    body = block.body.replace(right, wrong) if right else block.body
    return {(d["kind"], d["metadata"]["name"]): d for d in yaml.safe_load_all(body)}


def containers(document):
    return document["spec"]["template"]["spec"]["containers"]


def test_the_manifest_s_parts_find_each_other():
    found = manifest()
    (service,) = [d for (kind, _), d in found.items() if kind == "Service"]
    labels = []
    for (kind, _), document in found.items():
        if kind == "Deployment":
            spec = document["spec"]
            assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
            labels.append(spec["template"]["metadata"]["labels"])
    assert service["spec"]["selector"] in labels
    port = service["spec"]["ports"][0]["port"]
    address = f"tcp://{service['metadata']['name']}:{port}"
    assert containers(found["Deployment", "scheduler"])[0]["command"][-1] == str(port)
    assert address in containers(found["Deployment", "workers"])[0]["command"]
    assert containers(found["Job", "batch"])[0]["command"][-1] == address


def kubernetes(document):
    """Whatever Kubernetes 1.37 would refuse of a document, by the part of its schema used here."""
    text = (ROOT / "tests" / "vendor" / "kubernetes" / "schema-1.37.json").read_text("utf-8")
    schema = json.loads(text)[document["kind"]]
    return [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(document)]


def test_the_manifest_is_valid_by_kubernetes_schema():
    for document in manifest().values():
        assert kubernetes(document) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("replicas: 100", "replicas: many"), ("replicas:", "replica:"), ("port: 8786", "port: a"),
     ("containers:", "container:"), ("matchLabels:", "matchLabel:"), ("command:", "commands:"),
     ("limits:", "limit:"), ("restartPolicy:", "restartpolicy:"), ("apps/v1", "apps/v2"),
     ("selector: {app: scheduler}", "selector: {app: [scheduler]}")],
)  # fmt: skip
def test_a_mistake_in_the_manifest_is_found(right, wrong):
    assert any(map(kubernetes, manifest(right, wrong).values()))


@pytest.mark.slow
def test_the_manifest_s_commands_analyse_a_cohort(tmp_path):
    (tmp_path / "rr").mkdir()
    for file in sorted((ROOT / "sample_data" / "recordings").iterdir())[:3]:
        shutil.copy(file, tmp_path / "rr")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def start(document):
        words = [
            w.replace("head:8786", f"127.0.0.1:{port}").replace("8786", str(port))
            .replace("s3://bucket/", f"{tmp_path}/")
            for w in containers(document)[0]["command"]
        ]  # fmt: skip
        program = {
            "dask": [sys.executable, "-m", "dask"],
            "hrv": [sys.executable, "-c", "import api.cli; api.cli.main()"],
        }[words[0]]
        return subprocess.Popen(
            [*program, *words[1:]], cwd=tmp_path, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    found = manifest()
    running = [start(found["Deployment", "scheduler"])]
    try:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            assert running[0].poll() is None, running[0].stderr.read()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        running.append(start(found["Deployment", "workers"]))
        batch = start(found["Job", "batch"])
        said = batch.communicate(timeout=START_S)[1]
        assert batch.returncode == 0, said
    finally:
        for process in reversed(running):
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=START_S)
    assert list((tmp_path / "results" / "recovery").glob("part-*.parquet"))
