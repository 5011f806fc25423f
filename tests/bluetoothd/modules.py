"""Copy kernel modules and what they need, numbered in the order of loading.

Run as a program: ``modules.py LIB_MODULES TARGET NAME...``.  A kernel package carries no
modules.dep; every module names its needs itself.
"""

import shutil
import sys
from pathlib import Path


def needs(module):
    """Names that a module's own information lists as its dependencies."""
    data = module.read_bytes()
    at = data.find(b"\0depends=")
    if at < 0:
        return []
    text = data[at + 9 : data.index(b"\0", at + 9)].decode()
    return [name for name in text.split(",") if name]


def main(source, target, *wanted):
    there = {path.stem.replace("-", "_"): path for path in Path(source).rglob("*.ko")}
    order = []

    def add(name):
        module = there.get(name.replace("-", "_"))
        if module is None or module in order:
            return  # built into the kernel, or listed already
        for need in needs(module):
            add(need)
        order.append(module)

    for name in wanted:
        add(name)
    for number, module in enumerate(order):
        shutil.copy(module, Path(target) / f"{number:02}-{module.name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
