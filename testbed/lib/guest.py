# SPDX-License-Identifier: GPL-2.0-only
"""The guest's initrd: everything the guest runs comes in it.

It is two cpio archives one after the other, as the kernel allows: a cached
base (busybox, filesystem tools, the kernel's own modules) and a small one made
for each run (our modules, the scripts, --put files, what init has to know).
testbed/guest/init is what runs in it.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import cache, kernels, packages
from .errors import TestbedError

HERE = Path(__file__).resolve().parents[1] / "guest"

# The kernel's own modules, brought always; init loads what a mode asks for.
MODULES = ["ata_piix", "sd_mod", "ext4", "crc32c_generic", "xen-blkfront",
           "xen-netfront", "e1000", "8139cp"]
# Programs brought always, and those that `#: tools NAME` may ask for:
# command -> Debian package.
TOOLS = {"mkfs.ext4": "e2fsprogs", "e2fsck": "e2fsprogs"}
MORE_TOOLS = {"fio": "fio", "iperf3": "iperf3", "lsblk": "util-linux",
              "ethtool": "ethtool", "kexec": "kexec-tools",
              "hackbench": "rt-tests", "cyclictest": "rt-tests",
              "taskset": "util-linux", "perf": "linux-perf", "strace": "strace",
              "xenstore-read": "xenstore-utils", "xenstore-ls": "xenstore-utils",
              "xenstore-write": "xenstore-utils", "xenstore-rm": "xenstore-utils",
              "xenstore-list": "xenstore-utils",
              "xenstore-watch": "xenstore-utils",
              "xenstore-exists": "xenstore-utils"}


def build(spec, out):
    """Make the initrd of a run in directory `out`; -> (bzImage, initrd)."""
    kernel = kernels.get(spec.kernel)
    base = base_archive(kernel, spec.needs)
    initrd = Path(out) / "initrd"
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        root = Path(scratch)
        run_files(spec, kernel, root)
        with open(initrd, "wb") as f:
            f.write(base.read_bytes())
            f.write(pack(root))
    return kernel.image, initrd


def kernel_cmdline(spec, console):
    """The guest's kernel command line, less what an engine must add."""
    words = [f"console={console}", "loglevel=6", "panic=1",
             "no_timer_check"]
    if spec.kernel.startswith("xg-"):
        # What is built in has its parameters from here.
        words += [f"{module}.{word}" for module, *rest in
                  map(str.split, spec.modparams) for word in rest]
    elif spec.drivers != "mainline":
        words.append("nopv")
    return " ".join(w for w in [*words, spec.cmdline] if w)


# --- the cached base ---------------------------------------------------------

def base_archive(kernel, needs):
    """cpio archive of busybox, tools and the kernel's modules."""
    tools = {**TOOLS, **{t: tool_package(t) for t in needs["tools"]}}
    modules = kernels.module_closure(kernel, MODULES + needs["modules"])
    busybox = packages.fetch("bookworm", ["busybox-static"], depends=False)
    wanted = sorted(set(tools.values()))
    recipe = {
        "busybox": [p.name for p in busybox],
        "tools": sorted(tools),
        "packages": packages.resolve("bookworm", wanted),
        "release": kernel.release,
        "root": str(kernel.root),
        "modules": [p.name for p in modules],
        "version": 3,
    }

    def make(path):
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            root = Path(scratch) / "root"
            skeleton(root)
            add_tools(root, tools, Path(scratch) / "packages")
            for module in modules:
                name = kernels.module_name(module) + ".ko"
                where = root / "lib/modules" / kernel.release / "kernel"
                where.mkdir(parents=True, exist_ok=True)
                (where / name).write_bytes(kernels.module_bytes(module))
            path.write_bytes(pack(root))
    return cache.cached(f"guest-{kernel.release}", recipe, make)


def tool_package(name):
    if name not in MORE_TOOLS:
        raise TestbedError(f"'#: tools {name}': known are "
                           + " ".join(sorted(MORE_TOOLS)))
    return MORE_TOOLS[name]


def skeleton(root):
    """Directories, busybox and its command links."""
    for name in ("bin", "sbin", "etc", "proc", "sys", "dev", "run", "tmp",
                 "mnt", "put", "lib/modules", "lib64", "usr/bin", "usr/sbin"):
        (root / name).mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        packages.extract("bookworm", ["busybox-static"], scratch,
                         depends=False)
        shutil.copy(Path(scratch) / "bin/busybox", root / "bin/busybox")
    listing = subprocess.run([root / "bin/busybox", "--list"], check=True,
                             capture_output=True, text=True).stdout
    for applet in listing.split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")


def add_tools(root, tools, scratch):
    """Copy commands of Debian packages with the libraries they load."""
    packages.extract("bookworm", sorted(set(tools.values())), scratch)
    for tool in tools:
        found = [p for d in ("usr/bin", "usr/sbin", "sbin")
                 for p in [scratch / d / tool] if p.exists()]
        if not found:
            raise TestbedError(f"{tool}: not in package {tools[tool]}")
        target = root / "usr/bin" / tool
        shutil.copy(found[0].resolve(), target)
        for library in libraries(scratch, found[0]):
            into = root / "lib" / library.name
            if not into.exists():
                shutil.copy(library, into)
    # What glibc itself loads where a thread is cancelled.
    for library in scratch.glob("*/x86_64-linux-gnu/libgcc_s.so.1"):
        shutil.copy(library, root / "lib" / library.name)
    loader = root / "lib/ld-linux-x86-64.so.2"
    if loader.exists():
        (root / "lib64" / loader.name).symlink_to(f"../lib/{loader.name}")


def libraries(tree, program):
    """The shared libraries a program of `tree` loads, from that tree."""
    base = tree / "usr/lib/x86_64-linux-gnu"
    loader = base / "ld-linux-x86-64.so.2"
    # Ceph's, which fio wants, have a folder of theirs.
    where = [base, base / "ceph", tree / "usr/lib64", tree / "usr/lib"]
    done = subprocess.run([loader, "--library-path",
                           ":".join(map(str, where)), "--list", program],
                          capture_output=True, text=True)
    if "cannot open shared object" in done.stderr:
        raise TestbedError(f"{program.name}: {done.stderr.strip()[-300:]}")
    if done.returncode:         # a script or a static program
        return []
    found = {loader}
    for word in done.stdout.split():
        if word.startswith(str(tree)):
            found.add(Path(word))
    return sorted(found)


# --- what belongs to one run -------------------------------------------------

def run_files(spec, kernel, root):
    """Fill `root` with the files of this run."""
    for name in ("etc/modprobe.d", "bin", "put", "lib/modules"):
        (root / name).mkdir(parents=True)
    shutil.copy(HERE / "init", root / "init")
    for command in sorted((HERE / "bin").iterdir()):
        shutil.copy(command, root / "bin" / command.name)
    (root / "etc/testbed").write_text(
        f"drivers={spec.drivers}\ndisks={len(spec.disks)}\n"
        f"type={spec.type}\nengine={spec.engine}\n"
        f"builtin={'yes' if kernel.has_xg else ''}\n"
        f"script={'yes' if spec.guest_script else ''}\n")
    (root / "etc/modprobe.d/testbed.conf").write_text(
        "".join(f"options {line}\n" for line in spec.modparams))
    if spec.guest_script:
        shutil.copy(spec.guest_script, root / "etc/guest-script")
        os.chmod(root / "etc/guest-script", 0o755)
    if spec.needs["kernel"]:
        (root / "boot").mkdir()
        shutil.copy(kernel.image, root / "boot/vmlinuz")
    for path in spec.puts:
        if path.is_dir():
            shutil.copytree(path, root / "put" / path.name, symlinks=True)
        else:
            shutil.copy(path, root / "put" / path.name)
    add_our_modules(spec, kernel, root)


def add_our_modules(spec, kernel, root):
    """Our modules, in every --drivers mode, and the index of all modules."""
    ours = sorted(kernel.ours.glob("**/*.ko"))
    if not ours and spec.drivers == "xg":
        raise TestbedError(f"no modules in {kernel.ours}: "
                           f"make modules KVER={spec.kernel}")
    into = root / "lib/modules" / kernel.release
    (into / "xg").mkdir(parents=True)
    for module in ours:
        shutil.copy(module, into / "xg" / module.name)
    if not kernel.modules:
        return
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "lib/modules" / kernel.release
        shutil.copytree(into, whole)
        for name in ("modules.order", "modules.builtin",
                     "modules.builtin.modinfo"):
            shutil.copy(kernel.modules / name, whole / name)
        names = MODULES + spec.needs["modules"]
        (whole / "kernel").mkdir()
        for module in kernels.module_closure(kernel, names):
            name = kernels.module_name(module) + ".ko"
            (whole / "kernel" / name).write_bytes(
                kernels.module_bytes(module))
        subprocess.run(["depmod", "-b", scratch, kernel.release], check=True,
                       stderr=subprocess.DEVNULL)
        for index in ("modules.dep", "modules.alias", "modules.symbols",
                      "modules.builtin"):
            shutil.copy(whole / index, into / index)


def pack(root):
    """A directory as a newc cpio archive."""
    names = ["."]
    for here, dirs, files in os.walk(root):
        names += [os.path.relpath(os.path.join(here, n), root)
                  for n in sorted(dirs + files)]
    done = subprocess.run(["cpio", "-o", "-0", "-H", "newc", "--quiet",
                           "--owner=0:0"], cwd=root, capture_output=True,
                          input="\0".join(names).encode())
    if done.returncode:
        raise TestbedError("cpio: " + done.stderr.decode()[-300:])
    return done.stdout
