# SPDX-License-Identifier: GPL-2.0-only
"""The project's own PVH loader (pvh-boot/loader) and what it boots."""

import shutil
import subprocess
from pathlib import Path

from . import cache
from .errors import TestbedError

SOURCES = cache.TOP / "pvh-boot/loader"


def build(kernel, initrd, into):
    """Lay pvh-loader.elf and the bundle of a kernel and an initrd into `into`."""
    done = subprocess.run(["make", "-s", "-C", SOURCES], capture_output=True,
                          text=True)
    if done.returncode:
        raise TestbedError("pvh-loader: " + done.stderr.strip()[-600:])
    shutil.copy(cache.BUILD / "pvh-loader.elf", into)
    bundle(kernel, initrd, Path(into) / "bundle")


def bundle(kernel, initrd, path):
    with open(path, "wb") as f:
        subprocess.run([SOURCES / "bundle", kernel, *([initrd] if initrd else [])],
                       stdout=f, check=True)
