"""Every block of README and guide runs, as it stands, in the order in which a reader meets it."""

import subprocess
import sys
from pathlib import Path

import guide_blocks
import guide_rig as rig
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "Makefile").is_file(), reason="runs in a checkout, not on the built wheel"
)
LONG = {f"docs/{name}.md" for name in (
    "scale", "howto/ci", "howto/group", "howto/programs", "howto/self-experiment",
)}  # fmt: skip
"""Whole studies, several of them: run by `make test-slow`, to keep the default suite short."""


def pages():
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    found += sorted(p for p in (ROOT / "docs").rglob("*.md") if "reference" not in p.parts)
    names = [p.relative_to(ROOT).as_posix() for p in found if p.is_file()]
    return [
        pytest.param(name, marks=pytest.mark.slow if name in LONG else ())
        for name in names
        if guide_blocks.blocks((ROOT / name).read_text(encoding="utf-8"))
    ]


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    """The command `hrv`, imported once; see `guide_zygote`."""
    folder = tmp_path_factory.mktemp("zygote")
    shim = folder / "bin" / "hrv"
    shim.parent.mkdir()
    here = Path(rig.__file__).parent
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{here}/guide_shim.py" "$@"\n')
    shim.chmod(0o755)
    python = shim.parent / "python"  # a link would lose the environment's packages
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    environment = rig.environment(str(folder / "socket"), shim.parent)
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(here / "guide_zygote.py"), str(folder / "socket")],
        env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    yield environment
    process.terminate()
    process.communicate(timeout=30)


@pytest.fixture(scope="module")
def straps():
    """A Bluetooth daemon with a strap that beats; without D-Bus the strap's lines do not run."""
    try:
        from strap_room import Room, private_bus_anywhere
    except ImportError:
        yield None
        return
    with private_bus_anywhere() as address:
        if address is None:
            yield None
            return
        import strap_bluez

        with Room(strap_bluez.H10):
            yield address


@pytest.mark.parametrize("name", pages())
def test_every_block_of_the_page_runs(name, zygote, straps, tmp_path):
    text = (ROOT / name).read_text(encoding="utf-8")
    environment = dict(zygote)
    if straps:
        environment["DBUS_SYSTEM_BUS_ADDRESS"] = straps
    before = rig.checkout()
    with rig.Page(tmp_path, environment, straps=bool(straps)) as page:
        found = guide_blocks.blocks(text)
        for block in found:
            if "file" in block.marks:  # shown further down, as a rule
                page.run(block)
        for block in found:
            page.run(block)
    assert rig.checkout() == before
