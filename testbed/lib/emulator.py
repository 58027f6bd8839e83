# SPDX-License-Identifier: GPL-2.0-only
"""The QEMU that emulates a machine for a hypervisor: Debian's, mended.

testbed/emulator/README.md says what its faults are; the patches are there too.
"""

import subprocess
from pathlib import Path

from . import cache, packages
from .errors import TestbedError

HERE = Path(__file__).resolve().parents[1] / "emulator"
SUITE = "bookworm-source"
OPTIONS = ["--target-list=x86_64-softmmu", "--without-default-features",
           "--without-default-devices", "--enable-tcg", "--enable-fdt=system",
           "--enable-virtfs", "--enable-attr", "--enable-cap-ng",
           "--disable-debug-info"]
DEVICES = "configs/devices/i386-softmmu/default.mak"
# Of the package qemu-system-x86, which host-packages names.
FIRMWARE = ["/usr/share/seabios", "/usr/share/qemu"]


def command():
    """How to run it: the first words of a command line."""
    words = [build()]
    for folder in FIRMWARE:
        words += ["-L", folder]
    return words


def build():
    """-> the program, made once: it takes two processors three minutes."""
    patches = sorted(HERE.glob("*.patch"))
    source = packages.source(SUITE, "qemu")
    recipe = [source, OPTIONS,
              [cache.digest(p) for p in [*patches, HERE / "devices"]]]

    def make(path):
        packages.install(HERE / "packages")
        print("testbed: building the emulator, once", flush=True)
        tree = path.with_name("qemu")
        files = packages.fetch_source(SUITE, source)
        run(path, "dpkg-source", "--no-check", "-x", files[0], tree)
        for patch in patches:
            run(tree, "patch", "-p1", "--forward", "-i", patch)
        (tree / DEVICES).write_bytes((HERE / "devices").read_bytes())
        objects = tree / "build"
        objects.mkdir()
        run(objects, "../configure", *OPTIONS)
        run(objects, "ninja", "qemu-system-x86_64")
        (objects / "qemu-system-x86_64").rename(path)
    return cache.cached("emulator", recipe, make)


def run(where, *command):
    done = subprocess.run(command, cwd=where if where.is_dir() else
                          where.parent, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-800:]
        raise TestbedError(f"emulator: {command[0]}: {said}")
