# SPDX-License-Identifier: GPL-2.0-only
"""The guest's kernels: Debian's own images, module trees and headers, and small
kernels built from Debian's sources: plain-VERSION, xg-VERSION (see built())."""

import dataclasses
import lzma
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import cache, packages
from .errors import TestbedError

IMAGES = {"6.1": "linux-image-amd64", "6.12": "linux-image-6.12-amd64"}
HEADERS = {"6.1": "linux-headers-amd64", "6.12": "linux-headers-6.12-amd64"}
BUILT = [f"{kind}-{version}" for kind in ("plain", "xg") for version in IMAGES]
NAMES = [*IMAGES, *BUILT]
CONFIGS = cache.TOP / "testbed/kernel.d"


@dataclasses.dataclass
class Kernel:
    release: str                # as uname -r says it
    image: Path                 # bzImage
    root: Path | None           # root/lib/modules/RELEASE, None: no modules
    has_xg: bool = False        # built in, but for the test modules

    @property
    def modules(self):
        return self.root and self.root / "usr/lib/modules" / self.release

    @property
    def ours(self):
        """Where our modules for it are: the top Makefile leaves them there."""
        if self.has_xg:
            return self.modules / "kernel/drivers/xg"
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
    if spec_kernel in BUILT:
        return built(spec_kernel)
    return (stock(spec_kernel) if spec_kernel in IMAGES
            else from_file(spec_kernel))


# --- kernels built from Debian's sources ------------------------------------

def built(name):
    """plain-VERSION: small, CONFIG_XEN off, no patch. xg-VERSION: the same with
    xg in the tree (scripts/linux-tree) and built in."""
    kind, version = name.split("-")
    root = plain(version) if kind == "plain" else with_xg(version)
    release = next((root / "usr/lib/modules").iterdir()).name
    return Kernel(release, root / "boot/bzImage", root, kind == "xg")


def plain(version):
    """Root of a plain kernel, with the tree it was built in below tree/."""
    config = CONFIGS / "small.config"
    recipe = [source_package(version), cache.digest(config), 1]

    def make(path):
        packages.install(cache.TOP / "testbed/kernel-packages")
        path.mkdir()
        unpack_source(version, path / "tree")
        compile_kernel(path / "tree", path, "-plain", [config])
    return cache.cached(f"kernel-plain-{version}", recipe, make)


def source_package(version):
    """What Debian's sources of a kernel are just now: for a recipe."""
    return packages.resolve("bookworm", [f"linux-source-{version}"],
                            depends=False)


def unpack_source(version, tree, names=()):
    """Lay Debian's sources of a kernel into a new `tree`; without names, all."""
    package = f"linux-source-{version}"
    tree.mkdir()
    with tempfile.TemporaryDirectory(dir=tree.parent) as scratch:
        packages.extract("bookworm", [package], scratch, depends=False)
        run(["tar", "-xJf", f"{scratch}/usr/src/{package}.tar.xz", "-C", tree,
             "--strip-components=1", *(f"{package}/{n}" for n in names)])


def with_xg(version):
    """Root of a kernel with xg. Most of it is compiled for the plain one."""
    base = plain(version)
    configs = [CONFIGS / "small.config", CONFIGS / "xg.config"]
    laid = run([cache.TOP / "scripts/linux-tree", "-l", version])
    files = [cache.TOP / line for line in laid.splitlines()]
    recipe = [base.name, [(str(f.relative_to(cache.TOP)), cache.digest(f))
                          for f in [*configs, *files]], 1]

    def make(path):
        path.mkdir()
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            tree = Path(scratch) / "tree"
            run(["cp", "-a", "--reflink=auto", base / "tree", tree])
            run([cache.TOP / "scripts/linux-tree", tree])
            compile_kernel(tree, path, "-xg", configs)
    return cache.cached(f"kernel-xg-{version}", recipe, make)


def compile_kernel(tree, root, suffix, configs):
    """Into root/boot and root/usr/lib/modules."""
    wanted = tree / "wanted.config"
    wanted.write_text("".join(c.read_text() for c in configs)
                      + f'CONFIG_LOCALVERSION="{suffix}"\n')
    make = ["make", "-s", "-C", tree, "LOCALVERSION="]
    run([*make, f"KCONFIG_ALLCONFIG={wanted}", "allnoconfig"])
    missing = (set(re.findall(r"^CONFIG_.*$", wanted.read_text(), re.M))
               - set((tree / ".config").read_text().splitlines()))
    if missing:
        raise TestbedError("this kernel cannot have " + " ".join(missing))
    run([*make, f"-j{os.cpu_count()}", "bzImage", "modules"])
    run([*make, f"INSTALL_MOD_PATH={root}/usr", "modules_install"])
    (root / "boot").mkdir()
    shutil.copy(tree / "arch/x86/boot/bzImage", root / "boot")
    shutil.copy(tree / ".config", root / "boot/config")
    run(["objcopy", "--strip-debug", tree / "vmlinux", root / "boot/vmlinux"])
    for link in ("build", "source"):
        for path in (root / "usr/lib/modules").glob(f"*/{link}"):
            path.unlink()


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if done.returncode:
        raise TestbedError(" ".join(map(str, command[:8])) + ": "
                           + done.stderr.strip()[-1500:])
    return done.stdout


def headers(version):
    """Build tree of a kernel, for `make -C`; made to be relocatable."""
    if version in BUILT:
        kind, version = version.split("-")
        if kind != "plain":
            raise TestbedError("what xg-VERSION has of xg is built with it")
        return plain(version) / "tree"
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
