# SPDX-License-Identifier: GPL-2.0-only
"""Engine xen: real Xen, dom0 and xl in one outer QEMU; the guest below them.

run() is what every engine offers. It lets the guest live until its script and
the host script have ended, and says in an Ending how it went; it judges nothing.
"""

import os
import shutil
import time
from pathlib import Path

from . import dom0, guest, loader, pvhloader, qemu
from .channel import Channel
from .errors import TestbedError
from .verdict import PRINTED, Ending

DOM0_MIB = 1536
# A NIC of the outer machine that a guest may have: --config "pci=['00:10.0']".
# Its other end is on dom0's bridge.
PASSED = "00:10.0"
PASSED_ARGS = ["-device", "amd-iommu,intremap=on",
               "-netdev", "hubport,id=near,hubid=0",
               "-netdev", "hubport,id=far,hubid=0",
               "-device", "e1000e,netdev=near,addr=10,romfile=",
               "-device", "virtio-net-pci,netdev=far,addr=11,romfile="]
# dom0 by the IOMMU: Xen 4.17 ends it over a page that it maps twice.
PASSED_XEN = " iommu=verbose dom0-iommu=passthrough"
HERE = Path(__file__).resolve().parents[1] / "dom0"
# Power-on to a usable xl takes 10 s, 60 s on a machine busy with other work.
DOM0_LIMIT = 180
SILENT_LIMIT = 240             # or most of --timeout, if that is more
END_LIMIT = 20


def run(spec, paths):
    """Run one attempt. `paths` is a verdict.Paths; returns an Ending."""
    images = dom0.build(spec.xen)
    kernel, initrd = guest.build(spec, paths.run)
    fill_share(spec, paths, kernel, initrd)
    return Attempt(spec, paths, images).go()


def fill_share(spec, paths, kernel, initrd):
    """The files dom0 finds in /mnt/xg/run."""
    shutil.copytree(HERE, paths.run / "dom0")
    for name in ("marks", "tells"):
        (paths.run / name).mkdir()
    shutil.copy(kernel, paths.run / "kernel")
    (paths.run / "cmdline").write_text(cmdline(spec))
    if spec.type == "hvm":
        shutil.copytree(loader.build(), paths.run / "loader")
    else:
        pvhloader.build(kernel, initrd, paths.run)
    if spec.host_script:
        shutil.copy(spec.host_script, paths.run / "host-script")
        os.chmod(paths.run / "host-script", 0o755)
    ram = [d for d in spec.disks if d.is_ram]
    (paths.run / "env").write_text(
        f"GUEST=guest\nRAM_DISKS={len(ram) or ''}\n"
        f"RAM_KIB={max([d.mib for d in ram], default=0) * 1024}\n"
        f"PASSED={PASSED if passes(spec) else ''}\n"
        f"XL_OPTIONS='{'-vvv' if os.environ.get('XG_XL_DEBUG') else ''}'\n")
    (paths.run / "guest.cfg").write_text(xl_config(spec))


def passes(spec):
    """Has the guest a PCI device of the outer machine?"""
    return any(PASSED in line for line in spec.config)


def dom0_disks(spec):
    """Block device in dom0 of each disk of the guest, in order."""
    files, ram = 0, 0
    for disk in spec.disks:
        if disk.is_ram:
            yield f"/dev/ram{ram}"
            ram += 1
        else:
            yield f"/dev/vd{chr(ord('b') + files)}"
            files += 1


def cmdline(spec):
    """The guest's command line; its channel is a second console."""
    if spec.type == "hvm":
        return guest.kernel_cmdline(spec, "ttyS0") + " xg.channel=/dev/ttyS1"
    return guest.kernel_cmdline(spec, "hvc0") + " xg.channel=/dev/hvc1"


def channels(spec):
    """The consoles beside the first, of a guest without serial ports.

    xl before 4.20 numbers them from 0, which libxl refuses, it being the first
    console's: there ours is the second, and gets number 1.
    """
    ours = "'connection=socket,name=xg.channel,path=/run/xg/channel'"
    if spec.xen == "4.17":
        return f"'connection=pty,name=xg.refused', {ours}"
    return ours


def xl_config(spec):
    """The guest's xl config: our lines, less those --config replaces."""
    hvm = spec.type == "hvm"
    disks = ", ".join(f"'phy:{dev},xvd{chr(ord('a') + i)},w'"
                      for i, dev in enumerate(dom0_disks(spec)))
    lines = {
        "name": '"guest"',
        "type": f'"{spec.type}"',
        "vcpus": spec.vcpus,
        "memory": spec.memory,
        "hap": int(spec.paging == "hap"),
        # Else Xen intercepts RDTSC: one VM exit per clock read.
        "tsc_mode": '"native"',
        "disk": f"[{disks}]",
        "vif": "['bridge=xenbr0,type=vif']" if hvm else "['bridge=xenbr0']",
        "on_poweroff": '"destroy"',
        "on_reboot": '"destroy"',
        "on_crash": '"destroy"',
    }
    if hvm:
        lines |= {
            "kernel": '"/mnt/xg/run/loader/stub"',
            "serial": "['file:/mnt/xg/guest.log', "
                      "'unix:/run/xg/channel,server=on,wait=off']",
            "vga": '"none"', "nographic": 1, "vnc": 0, "sdl": 0, "usb": 0,
        }
    else:
        lines |= {
            "kernel": '"/mnt/xg/run/kernel"',
            "ramdisk": '"/mnt/xg/run/initrd"',
            "cmdline": f'"{cmdline(spec)}"',
            "channel": f"[{channels(spec)}]",
        }
    for extra in spec.config:
        key = extra.split("=", 1)[0].strip()
        lines.pop(key, None)
        lines[f"+{extra}"] = None
    return "".join(f"{key[1:]}\n" if key[0] == "+" else f"{key} = {value}\n"
                   for key, value in lines.items())


class Attempt:
    """One power-on of the outer machine."""

    def __init__(self, spec, paths, images):
        self.spec, self.paths, self.images = spec, paths, images
        self.ending = Ending(emulated=not qemu.nested_kvm())
        self.events_read = 0
        self.told = set()
        self.seen = {}              # event or message -> seconds
        self.socket = paths.run / "channel"
        self.machine = qemu.outer(self.qemu_args(), paths.run / "qemu.log")

    def go(self):
        self.start = time.monotonic()
        self.channel = Channel(self.socket, self.paths.out / "script.log",
                               self.on_message, self.spec.verbose)
        try:
            with self.machine:
                self.watch()
                self.machine.check_started()
                self.end_guest()
        finally:
            self.channel.close()
            self.save_pv_console()
        self.ending.times = self.seen
        return self.ending

    def qemu_args(self):
        spec, images, paths = self.spec, self.images, self.paths
        ram = sum(d.mib for d in spec.disks if d.is_ram)
        dom0_mib = DOM0_MIB + ram
        shadow = 64 + spec.memory // 32
        args = ["-machine", "q35", "-smp", 2,
                "-m", dom0_mib + spec.memory + shadow + 512,
                *qemu.machine_args(),
                "-kernel", images.xen,
                "-append", f"dom0_mem={dom0_mib}M,max:{dom0_mib}M "
                           "console=com1 com1=115200,8n1 loglvl=info "
                           "guest_loglvl=all console_timestamps=boot"
                           + PASSED_XEN * passes(spec),
                "-initrd", f"{images.kernel} console=hvc0 loglevel=5 "
                           f"no_timer_check,{images.initrd}",
                "-serial", f"file:{paths.out}/xen.log",
                "-virtfs", f"local,path={paths.out},mount_tag=xg,"
                           "security_model=none,multidevs=remap",
                "-device", "virtio-serial-pci",
                "-chardev", f"socket,id=chan,path={self.socket}",
                "-device", "virtserialport,chardev=chan,name=xg.channel",
                "-drive", f"if=virtio,format=raw,file={images.root},"
                          "snapshot=on,cache=unsafe"]
        args += PASSED_ARGS * passes(spec)
        for disk in spec.disks:
            if not disk.is_ram:
                args += ["-drive", f"if=virtio,format=raw,file={disk.path},"
                                   "discard=unmap,cache=writeback"]
        return args

    # --- watching ------------------------------------------------------------

    def since(self):
        return round(time.monotonic() - self.start, 1)

    def on_message(self, verb, rest):
        """A message of the guest, by its channel."""
        self.seen.setdefault(verb, self.since())
        if verb == "exit":
            self.ending.guest_status = int(rest)
        elif verb in ("mark", "ready"):
            (self.paths.run / "marks" / Path(rest or verb).name).touch()

    def on_event(self, verb, rest):
        """A line dom0 wrote to run/events."""
        self.seen.setdefault(verb, self.since())
        if verb == "host-exit":
            self.ending.host_status = int(rest)
        elif verb == "failed":
            raise TestbedError(f"dom0: {rest} failed: " + self.last_words())

    def last_words(self):
        """The end of what dom0's programs said."""
        log = self.paths.out / "host.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return "; ".join(text.splitlines()[-4:]) or "it said nothing"

    def step(self):
        """One turn: the channel, dom0's events, its tells."""
        self.channel.poll(0.1)
        try:
            lines = (self.paths.run / "events").read_text().splitlines()
        except FileNotFoundError:
            lines = []
        for line in lines[self.events_read:]:
            self.on_event(*line.partition(" ")[::2])
        self.events_read = len(lines)
        for tell in (self.paths.run / "tells").iterdir():
            if tell.name not in self.told:
                self.told.add(tell.name)
                self.channel.tell(tell.name)

    def watch(self):
        """Until the scripts have ended, the guest is gone or time is up."""
        spec, ending, seen = self.spec, self.ending, self.seen
        while True:
            self.step()
            now = self.since()
            if not self.machine.alive:
                ending.how, ending.died = "the outer machine ended", True
            elif "lost" in seen or \
                    "gone" in seen and ending.guest_status is None:
                ending.how, ending.died = "the guest is gone", True
            elif now > spec.timeout:
                ending.how = f"no end after {spec.timeout} s"
            elif "dom0" not in seen and now > DOM0_LIMIT:
                raise TestbedError(f"dom0 is not up after {DOM0_LIMIT} s")
            elif "hello" not in seen and not self.guest_spoke() \
                    and now > max(SILENT_LIMIT, 0.7 * spec.timeout):
                ending.how = "the guest never said a word"
            elif ending.guest_status is not None and (
                    not spec.host_script or ending.host_status is not None):
                ending.how = "scripts ended"
            else:
                continue
            return

    def guest_spoke(self):
        """True once the guest's kernel printed its first line."""
        for log in (self.paths.out / "guest.log", *self.pv_console()):
            if log.exists() and PRINTED.search(log.read_bytes()):
                return True
        return "hello" in self.seen

    def pv_console(self):
        return self.paths.run.glob("guest-*.log")

    def save_pv_console(self):
        for log in self.pv_console():
            with open(self.paths.out / "guest.log", "ab") as f:
                f.write(log.read_bytes())

    def end_guest(self):
        """Let the guest power off, then make dom0 write everything back."""
        self.channel.tell("end")
        limit = time.monotonic() + (8 if self.ending.how == "scripts ended"
                                    else 0)
        while time.monotonic() < limit and "gone" not in self.seen \
                and self.machine.alive:
            self.step()
        (self.paths.run / "finish").touch()
        limit = time.monotonic() + END_LIMIT
        while time.monotonic() < limit and "done" not in self.seen \
                and self.machine.alive:
            self.step()
