# SPDX-License-Identifier: GPL-2.0-only
"""The middle machine of engine kvm: a kernel with KVM_XEN, and a QEMU for it.

Debian's 6.12 kernel and an initramfs that holds QEMU 10 with its libraries and
firmware, busybox and the few modules needed: it is up in three seconds of
software emulation. testbed/middle/init is what runs in it. The guest's network
ends here, so here is who answers it: iperf3 and the tests' netdata.
"""

import shutil
import tempfile
from pathlib import Path

from . import cache, guest, kernels, packages
from .compiler import compile_c

HERE = Path(__file__).resolve().parents[1] / "middle"
NETDATA = HERE.parents[1] / "selftests/netfront/netdata.c"

SUITE = "bookworm-backports"
# Loaded in this order, each with what it depends on.
MODULES = ["kvm_amd", "9p", "9pnet_virtio", "virtio_blk"]
FIRMWARE = ["usr/share/seabios/bios-256k.bin",
            "usr/share/qemu/linuxboot_dma.bin",
            "usr/share/qemu/kvmvapic.bin"]


def qemu_tree():
    """A QEMU new enough for Xen emulation, and iperf3, with all they need."""
    return packages.tree("qemu-kvm", SUITE, ["qemu-system-x86", "iperf3"],
                         prune=("usr/share/doc", "usr/share/locale",
                                "usr/share/man"))


def direct_command(tree):
    """How to run the QEMU of qemu_tree() on this very machine."""
    lib = tree / "usr/lib/x86_64-linux-gnu"
    return [lib / "ld-linux-x86-64.so.2", "--library-path", lib,
            tree / "usr/bin/qemu-system-x86_64"]


def build():
    """-> (bzImage, initramfs) of the middle machine."""
    kernel = kernels.stock("6.12")
    tree = qemu_tree()
    modules = kernels.module_closure(kernel, MODULES)
    busybox = packages.fetch("bookworm", ["busybox-static"], depends=False)
    recipe = {
        "release": kernel.release,
        "kernel": kernel.root.name,
        "qemu": tree.name,
        "modules": [p.name for p in modules],
        "busybox": [p.name for p in busybox],
        "init": cache.digest(HERE / "init"),
        "hold": cache.digest(HERE / "hold.c"),
        "netdata": cache.digest(NETDATA),
        "version": 3,
    }

    def make(path):
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            root = Path(scratch)
            guest.skeleton(root)
            add_programs(root, tree)
            order = []
            for module in modules:
                name = kernels.module_name(module)
                (root / "lib/modules" / f"{name}.ko").write_bytes(
                    kernels.module_bytes(module))
                order.append(name)
            (root / "lib/modules/order").write_text("\n".join(order) + "\n")
            compile_c("-static", "-O2", "-Wall", "-o", root / "bin/hold",
                      HERE / "hold.c")
            compile_c("-static", "-O2", "-Wall", "-pthread",
                      "-o", root / "bin/netdata", NETDATA)
            shutil.copy(HERE / "init", root / "init")
            (root / "init").chmod(0o755)
            path.write_bytes(guest.pack(root))
    return kernel.image, cache.cached("middle", recipe, make)


def add_programs(root, tree):
    """QEMU and iperf3 in /bin, their libraries in /lib/debian, QEMU's firmware in
    /lib/firmware."""
    where = root / "lib/debian"
    where.mkdir()
    for name in "qemu-system-x86_64", "iperf3":
        program = tree / "usr/bin" / name
        shutil.copy(program, root / "bin")
        for library in guest.libraries(tree, program):
            shutil.copy(library, where / library.name)
    loader = "ld-linux-x86-64.so.2"
    (root / "lib64" / loader).symlink_to(f"../lib/debian/{loader}")
    firmware = root / "lib/firmware"
    firmware.mkdir()
    for name in FIRMWARE:
        shutil.copy(tree / name, firmware)
