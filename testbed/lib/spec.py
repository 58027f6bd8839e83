# SPDX-License-Identifier: GPL-2.0-only
"""What a run is asked to be: the options of testbed/vm as one dataclass."""

import argparse
import dataclasses
import re
from pathlib import Path

from . import kernels, qemu
from .errors import TestbedError


@dataclasses.dataclass
class Disk:
    """One disk of the guest, xvda, xvdb, ... in the order given."""
    path: Path | None       # a file of the host, written in place; None: RAM
    mib: int                # size; for a file, rounded down

    @property
    def is_ram(self):
        return self.path is None


@dataclasses.dataclass
class VmSpec:
    engine: str = "kvm"                 # kvm | xen
    type: str = "hvm"                   # hvm | pvh
    kernel: str = "6.1"                 # a name of kernels.NAMES | path of a bzImage
    drivers: str = "xg"                 # xg | mainline | none
    vcpus: int = 2
    memory: int = 512                   # MiB
    cmdline: str = ""                   # appended to the guest's command line
    config: list[str] = dataclasses.field(default_factory=list)
    disks: list[Disk] = dataclasses.field(default_factory=list)
    modparams: list[str] = dataclasses.field(default_factory=list)
    xen: str = "4.17"                   # 4.17 | 4.20, engine xen
    guest_script: Path | None = None
    host_script: Path | None = None
    puts: list[Path] = dataclasses.field(default_factory=list)
    paging: str | None = None           # shadow | hap; None: see check()
    timeout: int = 300                  # seconds, for one attempt
    out: Path | None = None             # None: a new directory, build/vm/last
    verbose: bool = False

    @property
    def needs(self):
        """What the guest script asks for, see needs_of()."""
        return needs_of(self.guest_script.read_text(errors="replace")
                        if self.guest_script else "")


def needs_of(script):
    """Its lines such as `#: tools fio`, `#: modules loop`, and `#: kernel image`:
    the kernel's own file, as /boot/vmlinuz. -> kind: names"""
    found = {"tools": [], "modules": [], "kernel": []}
    for kind, names in re.findall(rf"^#: *({'|'.join(found)}) +(.*)$", script,
                                  re.M):
        found[kind] += names.split()
    return found


def parse_disk(text):
    """FILE or ram:MIB."""
    ram = re.fullmatch(r"ram:(.*)", text)
    if ram:
        return Disk(None, at_least(1)(ram.group(1)))
    path = existing_file(text)
    return Disk(path, path.stat().st_size >> 20)


def at_least(low):
    """A type of option: a whole number, not less than `low`."""
    def number(text):
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(
                f"a number, {low} or more, is wanted, not '{text}'")
        return int(text)
    return number


def existing(text):
    path = Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"no such file: {text}")
    return path.resolve()


def existing_file(text):
    path = existing(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"a directory, not a file: {text}")
    return path


def build_parser():
    p = argparse.ArgumentParser(
        prog="testbed/vm",
        description="Boot a Xen guest, load the drivers, run a script in it, "
                    "give a verdict.",
        epilog="Exit status: 0 pass; 1 a script failed, or a console shows a "
               "WARN, BUG, oops or lockdep report; 2 the guest crashed, hung "
               "or gave no verdict; 3 the testbed itself failed.")
    add = p.add_argument
    add("--engine", choices=("kvm", "xen"), default="kvm",
        help="KVM's Xen emulation, or real Xen with dom0 (default kvm)")
    add("--type", choices=("hvm", "pvh"), default="hvm")
    add("--kernel", default="6.1", metavar="KERNEL",
        help="Debian's 6.1 or 6.12; plain-6.1, plain-6.12: small, without Xen "
             "code; xg-6.1, xg-6.12: the same with xg built in; or a bzImage")
    add("--drivers", choices=("xg", "mainline", "none"), default="xg",
        help="xg: our modules; mainline: the kernel's own; none: emulated "
             "devices only")
    add("--vcpus", type=at_least(1), default=2, metavar="N")
    add("--memory", type=at_least(128), default=512, metavar="MIB")
    add("--cmdline", default="", help="added to the guest's command line")
    add("--config", action="append", default=[], metavar="LINE",
        help="a line of the xl config; replaces a default of the same key")
    add("--disk", dest="disks", action="append", type=parse_disk, default=[],
        metavar="FILE|ram:MIB",
        help="xvda, xvdb, ...; without any, one ram:128")
    add("--modparam", dest="modparams", action="append", default=[],
        metavar="'MODULE NAME=VALUE'")
    add("--xen", choices=("4.17", "4.20"), default="4.17")
    add("--guest-script", type=existing_file, metavar="FILE",
        help="run as root in the guest once the drivers are up; a line "
             "'#: tools fio' or '#: modules loop' asks for more to be brought")
    add("--host-script", type=existing_file, metavar="FILE",
        help="run in dom0 beside the guest (engine xen)")
    add("--put", dest="puts", action="append", type=existing, default=[],
        metavar="FILE", help="a file or folder, brought as /put/FILE")
    add("--paging", choices=("shadow", "hap"),
        help="of the guest; default shadow where the emulator's nested paging "
             "would be used, except for HVM guests and the shadowless Xen 4.20 "
             "of engine xen")
    add("--timeout", type=at_least(1), default=300, metavar="S",
        help="for one attempt, power-on to power-off (default 300)")
    add("--out", type=Path, metavar="DIR",
        help="for the logs and the verdict (default build/vm/last)")
    add("-v", "--verbose", action="store_true",
        help="show the scripts' output as it comes")
    return p


def parse(argv):
    """argv -> VmSpec. Wrong usage ends in TestbedError."""
    parser = build_parser()
    parser.exit_on_error = False

    def fail(message):
        raise TestbedError(f"{message} (testbed/vm --help)")
    parser.error = fail
    try:
        args = parser.parse_args(argv)
    except argparse.ArgumentError as err:
        fail(str(err))
    spec = VmSpec(**vars(args))
    check(spec)
    return spec


def check(spec):
    has_xg = spec.kernel.startswith("xg-")
    if spec.type == "pvh" and not has_xg and spec.drivers != "mainline":
        raise TestbedError("--type pvh is for --drivers mainline or a kernel "
                           "xg-6.1, xg-6.12")
    if has_xg and spec.drivers != "xg":
        raise TestbedError(f"--kernel {spec.kernel} runs only --drivers xg")
    if spec.engine == "kvm" and (spec.type == "pvh" or spec.config):
        raise TestbedError("--type pvh and --config need --engine xen")
    if spec.kernel not in kernels.NAMES:
        spec.kernel = str(existing_or_raise(spec.kernel))
    if spec.engine == "xen" and spec.xen == "4.20":
        if spec.paging == "shadow":
            raise TestbedError("--xen 4.20 is built without shadow paging")
        spec.paging = "hap"
    if not spec.paging:
        spec.paging = "hap" if qemu.nested_kvm() else "shadow"
    if not spec.disks:
        spec.disks = [Disk(None, 128)]
    for line in spec.modparams:
        if not re.fullmatch(r"[\w-]+( +[\w.-]+=\S*)+", line):
            raise TestbedError(f"--modparam wants 'MODULE NAME=VALUE': {line}")


def existing_or_raise(text):
    path = Path(text)
    if not path.is_file():
        raise TestbedError(f"--kernel {text}: neither "
                           + ", ".join(kernels.NAMES) + " nor a file")
    return path.resolve()
