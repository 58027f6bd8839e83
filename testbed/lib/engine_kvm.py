# SPDX-License-Identifier: GPL-2.0-only
"""Engine kvm: a guest of KVM's Xen emulation, in a QEMU that serves its disks.

Where the machine's own KVM offers KVM_CAP_XEN_HVM the guest runs in it;
elsewhere in the middle machine (middle.py), under an outer QEMU. Either way
the guest's channel and the QMP of its QEMU end in two sockets we serve, so the
run is steered in one way. No dom0, no toolstack; middle/README.md has the limits.

run() is what every engine offers; see engine_xen.py.
"""

import fcntl
import os
import re
import shlex
import shutil
import time

from . import guest, hostscript, middle, qemu
from .channel import Channel
from .errors import TestbedError
from .qmp import Qmp
from .verdict import PRINTED, Ending

KVM_CHECK_EXTENSION = 0xae03
KVM_CAP_XEN_HVM = 38
# QEMU asks for the hypercall MSR, intercepted hypercalls and shared info.
XEN_HVM_NEEDED = 1 | 2 | 4
XEN_VERSION = "0x40011"
MIDDLE_MIB = 320                # the middle machine's own needs
IDE_SLOTS = 4
# Power-on to the inner QEMU takes 5 s, to the kernel's first line 5 s more.
QEMU_LIMIT = 120
SILENT_LIMIT = 150
END_LIMIT = 20
EXIT_COUNTERS = ["exits", "hypercalls", "io_exits", "mmio_exits",
                 "irq_exits", "irq_window_exits", "halt_exits",
                 "insn_emulation", "irq_injections", "request_irq_exits",
                 "signal_exits", "invlpg", "pf_taken", "tlb_flush"]


def run(spec, paths):
    """Run one attempt. `paths` is a verdict.Paths; returns an Ending."""
    if len(spec.disks) > IDE_SLOTS and spec.drivers == "none":
        raise TestbedError("--engine kvm: at most 4 emulated disks")
    kernel, initrd = guest.build(spec, paths.run)
    shutil.copy(kernel, paths.run / "kernel")
    machine = (Direct if xen_in_kvm() else Nested)(spec, paths)
    return Attempt(spec, paths, machine).go()


def xen_in_kvm():
    """True where this machine's KVM runs Xen guests itself."""
    try:
        kvm = os.open("/dev/kvm", os.O_RDWR)
    except OSError:
        return False
    try:
        have = fcntl.ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_XEN_HVM)
        return have & XEN_HVM_NEEDED == XEN_HVM_NEEDED
    except OSError:
        return False
    finally:
        os.close(kvm)


# --- the guest's QEMU, the same in both places -------------------------------

def guest_args(spec, place):
    """Arguments of the guest's QEMU; `place` says where its files are."""
    cmdline = guest.kernel_cmdline(spec, "ttyS0") + " xg.channel=/dev/ttyS1"
    args = ["-nodefaults", "-no-user-config", "-display", "none",
            "-L", place.firmware,
            "-machine", "pc", "-accel",
            f"kvm,xen-version={XEN_VERSION},kernel-irqchip=split",
            "-cpu", "host,+xen-vapic",
            "-smp", spec.vcpus, "-m", spec.memory,
            "-kernel", place.kernel, "-initrd", place.initrd,
            "-append", cmdline,
            # A guest that ends stays, stopped: QEMU 10 dies of a
            # segmentation fault when it closes its Xen network backend.
            "-action", "reboot=shutdown,shutdown=pause,panic=none",
            "-serial", f"file:{place.guest_log}",
            "-chardev", place.chardev("chan"), "-serial", "chardev:chan",
            "-chardev", place.chardev("qmp"),
            "-mon", "chardev=qmp,mode=control"]
    for i in range(len(spec.disks)):
        args += disk_args(i, place)
    return args + NIC_ARGS


def disk_args(i, place):
    """A disk twice, as on Xen: paravirtual, and emulated until unplugged.

    Two drives on one file: QEMU 10 dies when the two devices share a node.
    """
    def drive(name):
        return ["-drive", f"if=none,id={name},file={place.disk(i)},format=raw,"
                          "file.locking=off,discard=unmap"]
    args = [*drive(f"pv{i}"), "-device",
            f"xen-disk,drive=pv{i},vdev=xvd{chr(ord('a') + i)}"]
    if i < IDE_SLOTS:
        args += [*drive(f"ide{i}"), "-device",
                 f"ide-hd,drive=ide{i},bus=ide.{i // 2},unit={i % 2}"]
    return args


# The paravirtual NIC by -nic: given by -device beside a xen-disk, QEMU 10 dies.
NET = "net=192.0.2.0/24,host=192.0.2.1"
MAC = "00:16:3e:00:00:01"
NIC_ARGS = ["-nic", f"user,model=xen,mac={MAC},{NET}",
            "-netdev", f"user,id=emulated,{NET}",
            "-device", f"e1000,netdev=emulated,mac={MAC},romfile="]


class Direct:
    """The guest's QEMU runs on this machine, and is killed at the end."""

    direct = True

    def __init__(self, spec, paths):
        self.spec, self.run = spec, paths.run
        self.tree = middle.qemu_tree()
        self.firmware = paths.run / "firmware"
        self.kernel, self.initrd = paths.run / "kernel", paths.run / "initrd"
        self.guest_log = paths.out / "guest.log"
        self.firmware.mkdir()
        for name in middle.FIRMWARE:
            shutil.copy(self.tree / name, self.firmware)

    def chardev(self, name):
        return f"socket,id={name},path={self.run / name}"

    def disk(self, i):
        disk = self.spec.disks[i]
        path = disk.path
        if disk.is_ram:
            path = self.run / f"ram{i}"
            with open(path, "wb") as f:
                f.truncate(disk.mib << 20)
        return path

    def machine(self):
        return qemu.Machine([*middle.direct_command(self.tree),
                             *guest_args(self.spec, self)],
                            self.run / "qemu.log")


class Nested:
    """The guest's QEMU runs in the middle machine."""

    direct = False
    firmware = "/lib/firmware"
    kernel, initrd = "/tmp/kernel", "/tmp/initrd"
    guest_log = "/tmp/guest.log"

    def __init__(self, spec, paths):
        self.spec, self.paths = spec, paths
        self.image, self.initramfs = middle.build()
        words = ["exec", "qemu-system-x86_64", *guest_args(spec, self)]
        ram = [f"truncate -s {d.mib}M /tmp/ram{i}\n"
               for i, d in enumerate(spec.disks) if d.is_ram]
        (paths.run / "qemu").write_text(
            "".join(ram) + shlex.join(map(str, words)) + "\n")

    def chardev(self, name):
        return f"pipe,id={name},path=/tmp/{name}"

    def disk(self, i):
        if self.spec.disks[i].is_ram:
            return f"/tmp/ram{i}"
        before = sum(not d.is_ram for d in self.spec.disks[:i])
        return f"/dev/vd{chr(ord('a') + before)}"

    def machine(self):
        spec, paths = self.spec, self.paths
        ram = sum(d.mib for d in spec.disks if d.is_ram)
        npt = int(spec.paging == "hap")
        args = ["-machine", "q35", "-smp", 2,
                "-m", MIDDLE_MIB + ram + spec.memory * 9 // 8,
                *qemu.machine_args(),
                "-kernel", self.image, "-initrd", self.initramfs,
                "-append", f"console=ttyS0 loglevel=4 no_timer_check "
                           "mitigations=off nokaslr panic=1 maxcpus=1 "
                           f"noreplace-smp xg.npt={npt}",
                "-serial", f"file:{paths.out}/middle.log",
                "-virtfs", f"local,path={paths.out},mount_tag=testbed,"
                           "security_model=none,multidevs=remap",
                "-device", "virtio-serial-pci"]
        args += ["-qmp", f"unix:{paths.run / 'outer'}"]
        for name in ("chan", "qmp"):
            args += ["-chardev", f"socket,id={name},path={paths.run / name}",
                     "-device", f"virtserialport,chardev={name},name={name}"]
        for disk in spec.disks:
            if not disk.is_ram:
                args += ["-drive", f"if=virtio,format=raw,file={disk.path},"
                                   "discard=unmap,cache=writeback"]
        return qemu.outer(args, paths.run / "qemu.log")


# --- one attempt -------------------------------------------------------------

class Attempt:
    """One power-on, from the first instruction to the last byte written."""

    def __init__(self, spec, paths, machine):
        self.spec, self.paths = spec, paths
        self.machine, self.direct = machine.machine(), machine.direct
        self.ending = Ending(emulated=not (machine.direct
                                           or qemu.nested_kvm()))
        self.seen = {}              # message -> seconds
        self.due = None             # counters to save once out of poll()
        self.next_look = 60         # is the guest's QEMU well?

    def go(self):
        run, out = self.paths.run, self.paths.out
        self.start = time.monotonic()
        self.channel = Channel(run / "chan", out / "script.log",
                               self.on_message, self.spec.verbose)
        self.qmp = Qmp(run / "qmp")
        self.outer = Qmp(run / "outer")     # of the QEMU around the middle
        self.script = hostscript.HostScript(self.spec, self.paths,
                                            self.channel, self.qmp)
        try:
            with self.machine:
                self.watch()
                self.machine.check_started()
                self.end_guest()
        finally:
            self.script.close()
            self.channel.close()
            self.qmp.close()
            self.outer.close()
        self.ending.host_status = self.script.status
        self.ending.times = self.seen
        return self.ending

    def since(self):
        return round(time.monotonic() - self.start, 1)

    def on_message(self, verb, rest):
        """A message of the guest, by its channel."""
        self.seen.setdefault(verb, self.since())
        if verb == "exit":
            self.ending.guest_status = int(rest)
        elif verb in ("mark", "ready"):
            self.script.mark(rest or verb)
        if verb in ("ready", "exit"):
            self.due = verb

    def step(self):
        """One turn: the channel, QEMU's events, the host script."""
        self.channel.poll(0.05)
        self.qmp.poll(0.05)
        self.outer.poll(0)
        self.script.step()
        if self.due:
            self.save_exits({"ready": "start", "exit": "end"}[self.due])
            self.due = None
        if self.qmp.greeted:
            self.seen.setdefault("created", self.since())
        if self.guest_stopped() and "gone" not in self.seen:
            self.seen["gone"] = self.since()

    def guest_stopped(self):
        """The guest powered off or reset, and is held there, disks flushed."""
        return {"SHUTDOWN", "STOP"} <= self.qmp.events

    def watch(self):
        """Until the scripts have ended, the guest is gone or time is up."""
        spec, ending = self.spec, self.ending
        while True:
            self.step()
            now = self.since()
            if not self.machine.alive and (not self.qmp.greeted
                                           or self.refused()):
                self.machine.check_started()
                raise TestbedError("no QEMU for the guest: "
                                   + self.last_words())
            if self.script.done and ending.guest_status is not None:
                ending.how = "scripts ended"
            elif not self.machine.alive and self.middle_died():
                ending.how, ending.broke = "the middle machine died", True
            elif not self.machine.alive:
                ending.how, ending.died = "the guest's QEMU ended", True
            elif "gone" in self.seen and ending.guest_status is None:
                ending.how, ending.died = "the guest is gone", True
            elif now > spec.timeout:
                ending.how = f"no end after {spec.timeout} s"
                self.save_cpus()
            elif self.hangs(now):
                ending.how, ending.broke = "the guest's QEMU hangs", True
                self.save_cpus()
            elif not self.qmp.greeted and now > QEMU_LIMIT:
                raise TestbedError("the guest's QEMU did not come up: "
                                   + self.last_words())
            elif "hello" not in self.seen and now > SILENT_LIMIT \
                    and not self.guest_spoke():
                ending.how = "the guest never said a word"
            else:
                continue
            return

    def last_words(self):
        """The end of what the middle machine and QEMU said."""
        text = ""
        for log in (self.paths.run / "qemu.log",
                    self.paths.out / "middle.log"):
            if log.exists():
                text += log.read_text(errors="replace")[-300:]
        return text.strip()

    def middle_died(self):
        """True when the middle machine went without a word of its init."""
        log = self.paths.out / "middle.log"
        return not self.direct and b"QEMU ended" not in log.read_bytes()

    def refused(self):
        """True when QEMU in the middle machine ended with an error of its own."""
        log = self.paths.out / "middle.log"
        return not self.guest_spoke() and log.exists() and bool(
            re.search(rb"QEMU ended: [1-9]\d?\s", log.read_bytes()))

    def guest_spoke(self):
        """True once the guest's kernel printed its first line."""
        log = self.paths.out / "guest.log"
        return "hello" in self.seen or (
            log.exists() and bool(PRINTED.search(log.read_bytes())))

    def save_exits(self, when):
        """The guest's KVM exit counters, to out/kvm-exits-start and -end."""
        answer = self.qmp.command("query-stats", {
            "target": "vcpu",
            "providers": [{"provider": "kvm", "names": EXIT_COUNTERS}]})
        if not isinstance(answer, list):
            return
        (self.paths.out / "out").mkdir(exist_ok=True)
        with open(self.paths.out / "out" / f"kvm-exits-{when}", "w") as f:
            for cpu, entry in enumerate(answer):
                for stat in entry["stats"]:
                    f.write(f"cpu{cpu} {stat['name']} {stat['value']}\n")

    def hangs(self, now):
        """True when the QEMU of a middle machine does not answer in 60 s."""
        if self.direct or not self.qmp.greeted or now < self.next_look:
            return False
        answer = self.qmp.command("query-status", seconds=60)
        self.next_look = self.since() + 20
        return answer is None and self.machine.alive

    def save_cpus(self):
        """Where the CPUs are, of a guest that hangs and below it: out/cpus-*."""
        for name, qmp in ("guest", self.qmp), ("middle", self.outer):
            text = "".join(qmp.hmp("info registers -a") for _ in range(3))
            (self.paths.out / f"cpus-{name}").write_text(text)

    def end_guest(self):
        """Let the guest write back and stop, then the machine around it."""
        ending = self.ending
        if ending.how == "scripts ended":
            self.channel.tell("end")
            limit = time.monotonic() + END_LIMIT
            while time.monotonic() < limit and "gone" not in self.seen \
                    and self.machine.alive:
                self.step()
        (self.paths.run / "finish").touch()
        limit = time.monotonic() + END_LIMIT
        while time.monotonic() < limit and self.machine.alive \
                and not self.direct:
            self.channel.poll(0.05)
