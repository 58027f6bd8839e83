# SPDX-License-Identifier: GPL-2.0-only
"""build/: everything made once and kept, each thing keyed by its recipe.

build/apt/      private apt state and downloaded packages
build/cache/    NAME-HASH: files and trees; HASH is over the recipe
build/modules/  our modules, made by the top Makefile, one folder a kernel
build/vm/       the runs' logs
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build"


def build_dir(name):
    """build/NAME, made when missing; build/ keeps itself out of git."""
    path = BUILD / name
    path.mkdir(parents=True, exist_ok=True)
    ignore = BUILD / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    return path


def digest(path):
    """Hash of a file's contents, for use in a recipe."""
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()[:16]


@contextlib.contextmanager
def locked(name):
    """Hold build/cache/.NAME.lock: two runs never build the same thing."""
    with open(build_dir("cache") / f".{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cached(name, recipe, make):
    """Return build/cache/NAME-HASH, made by make(path) when it is not there.

    `recipe` is anything json can write: names, versions, digests of inputs.
    make() writes a file or a directory at the path it is given; only a
    finished one is renamed into place.
    """
    key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode())
    final = build_dir("cache") / f"{name}-{key.hexdigest()[:12]}"
    if final.exists():
        return final
    with locked(name):
        if final.exists():
            return final
        scratch = Path(tempfile.mkdtemp(prefix=f".{name}-",
                                        dir=build_dir("cache")))
        try:
            make(scratch / "new")
            os.rename(scratch / "new", final)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return final
