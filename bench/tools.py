# SPDX-License-Identifier: GPL-2.0-only
"""Programs for both ends: fio, iperf3 and sockperf as a folder and as a disk,
and our own.

Guests have no libraries: each program is run by the loader beside it, as
`lib/ld-linux-x86-64.so.2 --library-path lib lib/PROGRAM`.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from lib import cache, compiler, guest, packages

PULSE = Path(__file__).resolve().parent / "pulse.c"
PROGRAMS = ["fio", "iperf3", "sockperf"]
DISK_MIB = 160


def folder():
    """lib/ with the programs and what they load, made once."""
    recipe = [packages.resolve("bookworm", PROGRAMS), 1]

    def make(path):
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            tree = Path(scratch)
            packages.extract("bookworm", PROGRAMS, tree)
            (path / "lib").mkdir(parents=True)
            for name in PROGRAMS:
                program = tree / "usr/bin" / name
                for file in [program, *guest.libraries(tree, program)]:
                    shutil.copy(file, path / "lib" / file.name)
    return cache.cached("bench-programs", recipe, make)


def disk():
    """ext4 image of the folder.

    On a disk: an HVM guest's firmware would read a larger initrd for minutes.
    """
    source = folder()

    def make(path):
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal",
                        "-d", source, path, f"{DISK_MIB}M"], check=True,
                       stdout=subprocess.DEVNULL)
    return cache.cached("bench-tools", [source.name, DISK_MIB], make)


def pulse():
    """pulse.c as a static program."""
    return cache.cached("bench-pulse", [PULSE.read_text()],
                        lambda path: compiler.compile_c(
                            "-O2", "-static", "-o", path, PULSE))
