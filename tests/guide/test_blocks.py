"""No block of README and guide is without a way to run it: what is not run is counted here."""

import re
from pathlib import Path

import guide_blocks
import pytest

from ingest.ble.markers import parse_marker

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "Makefile").is_file(), reason="runs in a checkout, not on the built wheel"
)
INSTALLED = {
    ("README.md", "make demo"),
    ("README.md", "pip install ."),
    ("README.md", 'pip install ".[cluster]"'),
    ("docs/tutorial.md", "python3 -m venv hrv-env && source hrv-env/bin/activate"),
    ("docs/tutorial.md", "pip install ./hrv-recovery"),
    ("docs/howto/ci.md", 'pip install "./hrv-recovery[parquet]"'),
}
"""Run by test_install.py, in a fresh copy and an empty environment."""
NOT_RUN = {
    ("README.md", "make test"): "runs every test",
    ("docs/howto/strap.md", "sudo apt install bluez"): "this changes the system",
    ("docs/howto/strap.md", "sudo systemctl enable --now bluetooth"): "this changes the system",
    ("docs/howto/strap.md", "bluetoothctl power on"): "this changes the system",
    ("docs/deploy.md", "podman build --format docker -t hrv-recovery ."):
        "needs a container engine and the base image",
    ("docs/deploy.md", "podman run --rm -v hrv-data:/data hrv-recovery hrv keys make --role owner"):
        "needs a container engine and the base image",
    ("docs/deploy.md",
     "podman run -d --name hrv -v hrv-data:/data -p 127.0.0.1:8000:8000 hrv-recovery"):
        "needs a container engine and the base image",
    **{
        ("docs/deploy.md", f"sudo {line}"): "makes a user and installs for the whole machine"
        for line in (
            "useradd --system --home-dir /var/lib/hrv --shell /usr/sbin/nologin hrv",
            "install -d -o hrv -g hrv -m 0700 /var/lib/hrv",
            "python3 -m venv /opt/hrv",
            "/opt/hrv/bin/pip install --require-hashes -r requirements/build.txt"
            " -r requirements/runtime.txt",
            "/opt/hrv/bin/pip install --no-deps --no-build-isolation .",
            "ln -s /opt/hrv/bin/hrv /usr/local/bin/hrv",
        )
    },
    ("docs/scale.md", "kubectl apply -f cluster.yaml"): "needs a Kubernetes",
}  # fmt: skip
"""Every line that no test runs, and why: the page says it too.  A new one has to be argued here."""
RUN = {"console", "sh", "bash", "python", "r", "toml", "json", "yaml", "csv", "text"}


def documents():
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(p for p in found if "reference" not in p.parts)


def lines(block):
    """Commands of a block: of a console, or of a workflow's steps."""
    if block.language == "yaml":
        return re.findall(r"- run: (.*)", block.body)
    return [re.sub(r"\s+#.*$", "", c) for c, _ in guide_blocks.commands(block.body)]


def left_out(name, text):
    """Lines of a page that are not run, each with the reason of its mark."""
    for block in guide_blocks.blocks(text):
        reason = "; ".join(block.marks.get("elsewhere", []))
        for line in lines(block):
            if "elsewhere" in block.marks or guide_blocks.changes_machine(line):
                yield (name, line), reason
        if "elsewhere" in block.marks and not lines(block):
            yield (name, block.body), reason


def test_what_is_not_run_is_known_and_the_page_says_why():
    found = {}
    for path in documents():
        name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        plain = " ".join(re.sub(r"<!--.*?-->", "", text).split())
        for key, reason in left_out(name, text):
            if key in INSTALLED:
                continue
            found[key] = reason or NOT_RUN.get(key, "")
            assert found[key], f"{name}: {key[1]} is not run; give its block a reason"
            assert found[key] in plain, f"{name} does not say: {found[key]}"
    assert found == NOT_RUN


def test_a_new_line_that_is_not_run_is_noticed():
    """The check can fail: one more line of pip, and one more block for another machine."""
    text = "```console\n$ pip install other\n```\n<!-- elsewhere: far away -->\n```sh\nx\n```\n"
    assert dict(left_out("p", text)) == {("p", "pip install other"): "", ("p", "x\n"): "far away"}


def test_every_block_has_a_way_to_run():
    for path in documents():
        for block in guide_blocks.blocks(path.read_text(encoding="utf-8")):
            where = f"{path.name}: {block.body[:60]!r}"
            if "run by" in block.marks:
                by = ROOT / block.marks["run by"][0]
                assert by.is_file(), where
                assert path.name in by.read_text(encoding="utf-8"), where
            elif block.language == "toctree":
                continue  # test_site.py builds them
            elif block.language == "text":
                # test_format_pages.py reads each format's example
                assert path.parent.name == "formats" or "printed" in block.marks, where
            else:
                assert block.language in RUN, where


def test_every_target_that_a_page_names_is_there():
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M)
    for path in documents():
        for name in re.findall(r"(?<![\w-])make ([a-z][a-z-]+)", _code(path)):
            assert name in targets, f"{path.name}: make {name}"


def _code(path):
    text = path.read_text(encoding="utf-8")
    return "\n".join([*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^\$ (.*)$", text, re.M)])


def test_the_marker_lines_of_straps_md_are_understood():
    text = (ROOT / "docs" / "straps.md").read_text(encoding="utf-8")
    (block,) = [b for b in guide_blocks.blocks(text) if "run by" in b.marks]
    read = [parse_marker(line) for line in block.body.splitlines()]
    assert [(m.kind, m.edge) for m in read] == [
        ("stress", "start"), ("stress", "end"), ("tag", "now"), ("stress", "start")
    ]  # fmt: skip
