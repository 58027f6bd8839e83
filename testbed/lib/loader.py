# SPDX-License-Identifier: GPL-2.0-only
"""What puts the kernel into an HVM guest of engine xen (testbed/dom0/loader).

Xen's device model hands -kernel and -initrd to the BIOS a byte at a time (it
has no fw_cfg DMA there), and a BIOS reads a CD hardly faster: minutes in an
emulated machine. So the BIOS boots a stub, and dom0 copies the rest in memory.
"""

from pathlib import Path

from . import cache
from .compiler import compile_c

SOURCES = Path(__file__).resolve().parents[1] / "dom0/loader"


def build():
    """-> directory that holds `stub` and `load`."""
    recipe = [cache.digest(SOURCES / name) for name in ("stub.S", "load.c")]

    def make(path):
        path.mkdir()
        compile_c("-static", "-O2", "-Wall", "-o", path / "load",
                  SOURCES / "load.c")
        compile_c("-m16", "-nostdlib", "-static", "-Wl,-Ttext=0",
                  "-Wl,--oformat=binary", "-Wl,--build-id=none",
                  "-o", path / "stub", SOURCES / "stub.S")
    return cache.cached("loader", recipe, make)
