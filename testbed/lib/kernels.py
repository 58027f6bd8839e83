# SPDX-License-Identifier: GPL-2.0-only
"""The guest's kernels: Debian's own images, module trees and headers."""

import dataclasses
import lzma
import os
import re
import subprocess
from pathlib import Path

from . import cache, packages
from .errors import TestbedError

IMAGES = {"6.1": "linux-image-amd64", "6.12": "linux-image-6.12-amd64"}
HEADERS = {"6.1": "linux-headers-amd64", "6.12": "linux-headers-6.12-amd64"}


@dataclasses.dataclass
class Kernel:
    release: str                # as uname -r says it
    image: Path                 # bzImage
    root: Path | None           # root/lib/modules/RELEASE, None: no modules

    @property
    def modules(self):
        return self.root and self.root / "usr/lib/modules" / self.release

    @property
    def ours(self):
        """Where the top Makefile leaves our modules for this kernel."""
        return cache.BUILD / "modules" / self.release


def stock(version):
    """Debian's kernel 6.1 or 6.12."""
    names = [name for name, _, _ in packages.resolve("bookworm",
                                                     [IMAGES[version]])
             if re.fullmatch(r"linux-image-\d.*-amd64", name)
             and name != IMAGES[version]]
    root = packages.tree(f"linux-{version}", "bookworm", names, depends=False,
                         finish=index_modules)
    release = names[0].removeprefix("linux-image-")
    return Kernel(release, root / f"boot/vmlinuz-{release}", root)


def index_modules(root):
    release = next((root / "usr/lib/modules").iterdir()).name
    subprocess.run(["depmod", "-b", root, release], check=True)


def from_file(path):
    """A bzImage of one's own; its module tree, if any, is not known."""
    path = Path(path)
    with open(path, "rb") as f:
        head = f.read(0x8000)
    if head[0x202:0x206] != b"HdrS" and head[0x1fe:0x200] != b"\x55\xaa":
        raise TestbedError(f"{path}: not a bzImage")
    at = int.from_bytes(head[0x20e:0x210], "little") + 0x200
    release = head[at:at + 128].split(b"\0")[0].split(b" ")[0].decode()
    return Kernel(release, path, None)


def get(spec_kernel):
    """The kernel that --kernel names."""
    return (stock(spec_kernel) if spec_kernel in IMAGES
            else from_file(spec_kernel))


def headers(version):
    """Build tree of a stock kernel, for `make -C`; made to be relocatable."""
    names = [name for name, _, _ in packages.resolve("bookworm",
                                                     [HEADERS[version]])
             if re.match(r"linux-(headers-\d.*-(amd64|common)$|kbuild-)", name)
             and name != HEADERS[version]]
    root = packages.tree(f"headers-{version}", "bookworm", names,
                         depends=False)
    tree = next(p for p in (root / "usr/src").glob("linux-headers-*-amd64"))
    relocate(root, tree)
    return tree


def relocate(root, tree):
    """Point the absolute paths of a headers tree into its cached place."""
    makefile = tree / "Makefile"
    text = makefile.read_text()
    moved = re.sub(r"(?<![\w/.-])/usr/src/", f"{root}/usr/src/", text)
    if moved != text:
        makefile.write_text(moved)
    for link in [*tree.iterdir(), *(root / "usr/src").glob("*/*")]:
        if link.is_symlink() and os.readlink(link).startswith("/usr/"):
            target = f"{root}{os.readlink(link)}"
            link.unlink()
            link.symlink_to(target)


# --- modules of a tree -------------------------------------------------------

def module_closure(kernel, names):
    """Files of the named modules and all they depend on, dependencies first.

    A name that the tree does not have is left out: built in, or of another
    kernel version.
    """
    if not kernel.modules:
        return []
    depends, by_name = {}, {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        depends[path] = rest.split()
        by_name[module_name(path)] = path
    found = []
    for name in names:
        path = by_name.get(name.replace("-", "_"))
        if path:
            found += [p for p in [*reversed(depends[path]), path]
                      if p not in found]
    return [kernel.modules / path for path in found]


def module_name(path):
    return Path(path).name.split(".")[0].replace("-", "_")


def module_bytes(path):
    """Contents of a module file, uncompressed."""
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    return path.read_bytes()
