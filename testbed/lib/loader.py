# SPDX-License-Identifier: GPL-2.0-only
"""What puts the kernel into an HVM guest of engine xen (testbed/dom0/loader).

Xen's device model hands -kernel and -initrd to the BIOS a byte at a time (it
has no fw_cfg DMA there), and a BIOS reads a CD hardly faster: minutes in an
emulated machine. So the BIOS boots a stub, and dom0 copies the rest in memory.
"""

import subprocess
from pathlib import Path

from . import cache
from .errors import TestbedError

SOURCES = Path(__file__).resolve().parents[1] / "dom0/loader"


def build():
    """-> directory that holds `stub` and `load`."""
    recipe = [cache.digest(SOURCES / name) for name in ("stub.S", "load.c")]

    def make(path):
        path.mkdir()
        compile_("-static", "-O2", "-Wall", "-o", path / "load",
                 SOURCES / "load.c")
        compile_("-m16", "-nostdlib", "-static", "-Wl,-Ttext=0",
                 "-Wl,--oformat=binary", "-Wl,--build-id=none",
                 "-o", path / "stub", SOURCES / "stub.S")
    return cache.cached("loader", recipe, make)


def compile_(*args):
    done = subprocess.run(["gcc", *args], capture_output=True, text=True)
    if done.returncode:
        raise TestbedError("gcc: " + done.stderr.strip()[-600:])
