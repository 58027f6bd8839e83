# SPDX-License-Identifier: GPL-2.0-only
"""The project's own PVH loader (pvh-boot/loader) and what it boots."""

import shutil
import subprocess
from pathlib import Path

from . import cache
from .errors import TestbedError

SOURCES = cache.TOP / "pvh-boot/loader"


def build(kernel, initrd, into):
    """Lay the loader and the bundle of a kernel and an initrd into `into`."""
    done = subprocess.run(["make", "-s", "-C", SOURCES, "all", "v0"],
                          capture_output=True, text=True)
    if done.returncode:
        raise TestbedError("pvh-loader: " + done.stderr.strip()[-600:])
    for name in ("pvh-loader.elf", "pvh-loader/v0.elf"):
        shutil.copy(cache.BUILD / name, into)
    bundle(kernel, initrd, Path(into) / "bundle")


def bundle(kernel, initrd, path):
    with open(path, "wb") as f:
        subprocess.run([SOURCES / "bundle", kernel, *([initrd] if initrd else [])],
                       stdout=f, check=True)
