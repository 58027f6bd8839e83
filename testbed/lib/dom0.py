# SPDX-License-Identifier: GPL-2.0-only
"""Images for engine xen: the hypervisor, dom0's kernel, initrd and root.

All come from Debian packages, unpacked and not configured. They hold nothing of
a run: dom0's scripts (testbed/dom0) and all of a run's files reach it by 9p.
"""

import dataclasses
import gzip
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import cache, guest, kernels, packages

# --xen version -> (suite, suite of the hypervisor, dom0's kernel).
# The hypervisors of bookworm-security and trixie are built without shadow
# paging, that of bookworm's last point release has it.
VERSIONS = {"4.17": ("bookworm", "bookworm-release", "6.1"),
            "4.20": ("trixie", "trixie", "6.12")}
ROOT_PACKAGES = [
    "base-files", "bash", "dash", "coreutils", "util-linux", "mount", "sed",
    "grep", "mawk", "findutils", "gzip", "libc-bin", "kmod", "procps",
    "iproute2", "bridge-utils", "socat", "iputils-ping", "iperf3", "fio",
    "xenstore-utils", "xen-utils-common", "qemu-system-xen", "e2fsprogs",
]
INITRD_MODULES = ["virtio_pci", "virtio_blk", "ext4", "crc32c_generic",
                  "9pnet_virtio", "9p"]
ROOT_MODULES = ["xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-privcmd",
                "xenfs", "xen-blkback", "xen-netback", "loop", "brd", "bridge",
                "tun", "virtio_console", "null_blk", "dm-mod", "dm-flakey",
                "dm-delay", "xen-pciback", "virtio_net"]
PRUNE = ["usr/share/doc", "usr/share/man", "usr/share/locale",
         "usr/share/info", "usr/lib/x86_64-linux-gnu/perl*",
         "usr/lib/x86_64-linux-gnu/dri", "usr/lib/python3*",
         "usr/share/icons", "usr/lib/x86_64-linux-gnu/libLLVM*"]


@dataclasses.dataclass
class Images:
    xen: Path           # ELF
    kernel: Path
    initrd: Path
    root: Path          # ext4


def build(version):
    """All images for a Xen version, made when they are not there."""
    suite, xen_suite, kernel_version = VERSIONS[version]
    kernel = kernels.stock(kernel_version)
    return Images(hypervisor(version, xen_suite), kernel.image,
                  initrd(version, kernel), root(version, suite, kernel))


def hypervisor(version, suite):
    names = [f"xen-hypervisor-{version}-amd64"]

    def make(path):
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            packages.extract(suite, names, scratch, depends=False)
            image = next(Path(scratch).glob(f"boot/xen-{version}-amd64.gz"))
            path.write_bytes(gzip.decompress(image.read_bytes()))
    return cache.cached(f"xen-{version}",
                        packages.resolve(suite, names, depends=False), make)


def initrd(version, kernel):
    """Enough to mount dom0's root and the run's 9p share, then go there."""
    script = Path(__file__).resolve().parents[1] / "dom0/initrd-init"
    modules = kernels.module_closure(kernel, INITRD_MODULES)

    def make(path):
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            top = Path(scratch)
            guest.skeleton(top)
            add_modules(modules, top, top / "modules")
            (top / "modules/order").write_text(
                "".join(kernels.module_name(m) + "\n" for m in modules))
            shutil.copy(script, top / "init")
            path.write_bytes(guest.pack(top))
    return cache.cached(f"dom0-initrd-{version}",
                        [kernel.release, [m.name for m in modules],
                         cache.digest(script)], make)


def add_modules(modules, top, into):
    into.mkdir(parents=True, exist_ok=True)
    for module in modules:
        name = kernels.module_name(module) + ".ko"
        (into / name).write_bytes(kernels.module_bytes(module))


def root(version, suite, kernel):
    """dom0's root filesystem, an ext4 image."""
    names = [*ROOT_PACKAGES, f"xen-utils-{version}"]
    modules = kernels.module_closure(kernel, ROOT_MODULES)

    def make(path):
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            top = Path(scratch) / "root"
            top.mkdir()
            packages.extract(suite, names, top)
            finish_root(top, kernel, modules)
            size = subprocess.run(["du", "-sm", top], check=True,
                                  capture_output=True, text=True)
            mib = int(int(size.stdout.split()[0]) * 1.15) + 96
            subprocess.run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-d", top, "-O",
                            "^has_journal", path, f"{mib}M"], check=True)
    return cache.cached(f"dom0-root-{version}",
                        [packages.resolve(suite, names), PRUNE,
                         kernel.release, [m.name for m in modules], 6], make)


def finish_root(top, kernel, modules):
    """What the packages' own scripts would have done, as far as needed."""
    for glob in PRUNE:
        for victim in top.glob(glob):
            if victim.is_dir() and not victim.is_symlink():
                shutil.rmtree(victim)
            else:
                victim.unlink()
    for name in ("proc", "sys", "dev", "run", "tmp", "root", "mnt/xg", "etc",
                 "var/lib/xen", "var/log/xen", "var/lib/xenstored"):
        (top / name).mkdir(parents=True, exist_ok=True)
    shutil.rmtree(top / "var/run", ignore_errors=True)
    (top / "var/run").symlink_to("../run")
    for link, target in (("usr/bin/sh", "dash"), ("usr/bin/awk", "mawk")):
        if not (top / link).exists():
            (top / link).symlink_to(target)
    (top / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (top / "etc/group").write_text("root:x:0:\n")
    (top / "etc/hosts").write_text("127.0.0.1 localhost dom0\n")
    where = top / "usr/lib/modules" / kernel.release
    add_modules(modules, top, where / "kernel")
    for name in ("modules.order", "modules.builtin",
                 "modules.builtin.modinfo"):
        shutil.copy(kernel.modules / name, where / name)
    subprocess.run(["depmod", "-b", top, kernel.release], check=True,
                   stderr=subprocess.DEVNULL)
    subprocess.run(["ldconfig", "-r", top], check=False)
