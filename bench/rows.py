# SPDX-License-Identifier: GPL-2.0-only
"""What is measured: one table. A row is one job of the guest."""

import dataclasses
import fnmatch
import json
import re

UDP_BYTES = 64


@dataclasses.dataclass(frozen=True)
class Driver:
    """A column: guests of one kind."""
    title: str
    drivers: str                # as testbed/vm calls them
    modparams: tuple = ()
    config: tuple = ()          # lines of the xl config


def ours(upcall):
    return Driver(f"ours ({upcall})", "xg", (f"xg-evtchn upcall={upcall}",))


# dom0 gives a guest no emulated NIC unless asked; its boot ROM would take long.
EMULATED_NIC = ("vif=['bridge=xenbr0,model=e1000']",
                "device_model_args_hvm=['-global', 'e1000.romfile=']")
# The testbed's NIC for a guest alone.
PASSED_NIC = ("vif=[]", "pci=['00:10.0']")
OURS = ("ours-intx", "ours-vector", "ours-callback")
DRIVERS = {"xg": Driver("ours", "xg"),
           **{name: ours(name.removeprefix("ours-")) for name in OURS},
           "mainline": Driver("mainline", "mainline"),
           "none": Driver("emulated", "none", config=EMULATED_NIC),
           "virtio": Driver("virtio", "none"),
           "passed-event": Driver("passed, by event", "xg",
                                  ("xg-platform-pci remap=all",), PASSED_NIC),
           "passed-apic": Driver("passed, by APIC", "xg", config=PASSED_NIC)}
# What only one engine has
ENGINE = {"virtio": "kvm", "passed-event": "xen", "passed-apic": "xen"}


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    unit: str
    command: str        # a function of guest.sh and its arguments
    drivers: tuple = ()         # those that can do it; without any, all

    @property
    def net(self):
        return self.command.split()[0] in ("tcp", "udp", "rr", "packet")


ROWS = [
    Row("disk-read-4k-qd1", "4K random read, depth 1", "IOPS",
        "disk --rw=randread --bs=4k --iodepth=1"),
    Row("disk-read-4k-qd32", "4K random read, depth 32", "IOPS",
        "disk --rw=randread --bs=4k --iodepth=32"),
    Row("disk-read-1m", "1M sequential read", "MB/s",
        "disk --rw=read --bs=1M --iodepth=4"),
    Row("disk-write-4k-qd1", "4K random write, depth 1", "IOPS",
        "disk --rw=randwrite --bs=4k --iodepth=1"),
    Row("disk-write-4k-qd32", "4K random write, depth 32", "IOPS",
        "disk --rw=randwrite --bs=4k --iodepth=32"),
    Row("disk-write-1m", "1M sequential write", "MB/s",
        "disk --rw=write --bs=1M --iodepth=4"),
    Row("net-tcp-tx-1", "TCP transmit, 1 stream", "Mbit/s", "tcp -P 1"),
    Row("net-tcp-tx-4", "TCP transmit, 4 streams", "Mbit/s", "tcp -P 4"),
    Row("net-tcp-rx-1", "TCP receive, 1 stream", "Mbit/s", "tcp -R -P 1"),
    Row("net-tcp-rx-4", "TCP receive, 4 streams", "Mbit/s", "tcp -R -P 4"),
    Row("net-udp-tx", "64-byte UDP transmit, arrived", "packets/s",
        f"udp -l {UDP_BYTES} -b 0"),
    Row("net-udp-rx", "64-byte UDP receive, arrived", "packets/s",
        f"udp -R -l {UDP_BYTES} -b 0"),
    Row("net-rr", "64-byte TCP request and response", "round trips/s", "rr"),
    Row("int-event", "Event channel from the guest to itself, CPU 0",
        "events/s", "event", ("xg", *OURS, "mainline")),
    Row("int-packet", "1-byte UDP packet there and back", "round trips/s",
        "packet"),
    Row("int-idle", "Nothing, for a second", "s/s", "idle"),
    Row("int-tick-idle", "1 ms sleep, the guest idle", "ticks/s", "tick"),
    Row("int-tick-busy", "1 ms sleep, each CPU spinning", "ticks/s",
        "tick busy"),
]
BY_NAME = {row.name: row for row in ROWS}

# A chart each: title, and the rows in it.
GROUPS = {"disk": ("Disk", "disk-*"),
          "tcp": ("TCP throughput", "net-tcp-*"),
          "packets": ("Small packets", "net-[!t]*"),
          "interrupts": ("Interrupts", "int-*")}


@dataclasses.dataclass(frozen=True)
class Set:
    """What --only may name: rows and, unless --drivers says more, columns."""
    rows: tuple
    drivers: tuple
    every_round: bool = False   # is traced


SETS = {"all": Set(("disk-*", "net-*"), ("xg", "mainline", "none", "virtio")),
        "interrupts": Set(("int-*", "disk-read-4k-qd1", "net-udp-?x"),
                          ("none", *OURS, "mainline"), every_round=True),
        "passthrough": Set(("int-packet", "net-tcp-?x-1"),
                           ("passed-event", "passed-apic"), every_round=True)}

# An operation: what exits and hypercalls are counted for.
OPERATION = {"IOPS": "I/O", "MB/s": "I/O", "Mbit/s": "MB",
             "packets/s": "packet", "round trips/s": "round trip",
             "events/s": "event", "ticks/s": "tick", "s/s": "second"}
# CPU time is given for so many operations, called so.
CPU_FOR = {"Mbit/s": (1000, "GB"), "packets/s": (1000, "1000 packets")}


def select(names):
    """Patterns of rows and names of sets -> (the rows, the sets)."""
    sets = [SETS[n] for n in names if n in SETS]
    patterns = [n for n in names if n not in SETS]
    patterns += [p for s in sets for p in s.rows]
    return [row for row in ROWS
            if any(fnmatch.fnmatch(row.name, p) for p in patterns)], sets


def fits(row, driver):
    return not row.drivers or driver in row.drivers


def result(row, text):
    """What the guest's program said -> (value in row.unit, operations/s).

    ValueError where it is not a result: a program failed or was cut short.
    """
    found = re.fullmatch(r"([1-9]\d*) in ([\d.]+) s", text.strip())
    if found:                                   # ours, pulse.c
        rate = int(found.group(1)) / float(found.group(2))
        return rate, rate
    if row.unit in ("IOPS", "MB/s"):
        words = text.strip().split(";")         # KiB/s, IOPS: read, written
        read_kib, reads, written_kib, writes = (int(w) for w in words)
        ios = reads + writes
        rate = (read_kib + written_kib) * 1024 / 1e6
        return (ios if row.unit == "IOPS" else rate), ios
    if row.unit in ("round trips/s", "events/s", "ticks/s"):
        found = re.search(r"RunTime=([\d.]+) sec.* ReceivedMessages=(\d+)",
                          text)
        if not found or not float(found.group(1)):
            raise ValueError(text)
        rate = int(found.group(2)) / float(found.group(1))
        return rate, rate
    # What arrived, by the receiver's count. iperf3 leaves out its first second
    # here, and only here: its counts of UDP packets lost have it in.
    found = re.search(r'"sum_received":(\{.*?\})', text)
    if not found:
        raise ValueError(text)
    bits = json.loads(found.group(1))["bits_per_second"]
    if row.unit == "Mbit/s":
        return bits / 1e6, bits / 8e6
    return bits / 8 / UDP_BYTES, bits / 8 / UDP_BYTES
