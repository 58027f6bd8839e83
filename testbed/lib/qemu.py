# SPDX-License-Identifier: GPL-2.0-only
"""The outer QEMU, the machine that Xen or the middle kernel runs in."""

import ctypes
import fcntl
import os
import signal
import struct
import subprocess

from . import emulator
from .errors import TestbedError

KVM_GET_SUPPORTED_CPUID = 0xc008ae05
KVM_CREATE_VM = 0xae01
PR_SET_PDEATHSIG = 1

DEBIANS = "qemu-system-x86_64"
# Arguments of any machine.
ALWAYS = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]


def nested_kvm():
    """True where the machine's KVM works and offers SVM or VMX to a guest."""
    try:
        kvm = os.open("/dev/kvm", os.O_RDWR)
    except OSError:
        return False
    try:
        os.close(fcntl.ioctl(kvm, KVM_CREATE_VM, 0))
        size = 256
        table = bytearray(struct.pack("II", size, 0) + bytes(size * 40))
        fcntl.ioctl(kvm, KVM_GET_SUPPORTED_CPUID, table)
        count = struct.unpack_from("I", table)[0]
        for i in range(count):
            leaf, _, _, _, _, ecx, _ = struct.unpack_from("7I", table,
                                                          8 + i * 40)
            if leaf == 1 and ecx & 1 << 5:
                return True
            if leaf == 0x80000001 and ecx & 1 << 2:
                return True
        return False
    except OSError:
        return False
    finally:
        os.close(kvm)


def program():
    """What runs the machine: where QEMU emulates it, one without faults."""
    return [DEBIANS] if nested_kvm() else emulator.command()


def machine_args():
    """CPU and accelerator: real KVM where it nests, else TCG's SVM."""
    if nested_kvm():
        return ["-accel", "kvm", "-cpu", "host"]
    return ["-accel", "tcg,thread=multi", "-cpu", "qemu64,+svm,+npt"]


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def outer(args, log):
    """The machine below the guests -> Machine. May build its QEMU first."""
    return Machine([*program(), *ALWAYS, *args], log)


class Machine:
    """A running QEMU; as a context manager it never outlives its block."""

    def __init__(self, command, log):
        self.command, self.log = command, log

    def __enter__(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in self.command], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
                preexec_fn=_die_with_parent)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def alive(self):
        return self.process.poll() is None

    def check_started(self):
        """Raise when QEMU refused its command line."""
        if self.process.poll() not in (None, 0):
            with open(self.log, errors="replace") as f:
                raise TestbedError("QEMU: " + f.read()[-400:].strip())
