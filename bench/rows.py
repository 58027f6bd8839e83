# SPDX-License-Identifier: GPL-2.0-only
"""What is measured: one table. A row is one job of the guest."""

import dataclasses
import fnmatch
import json
import re

UDP_BYTES = 64


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    unit: str
    command: str        # a function of guest.sh and its arguments


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
]
BY_NAME = {row.name: row for row in ROWS}

# A chart each: title, and the rows in it.
GROUPS = {"disk": ("Disk", "disk-*"),
          "tcp": ("TCP throughput", "net-tcp-*"),
          "packets": ("Small packets", "net-[!t]*")}
# The driver that --drivers names, and what tables call it.
DRIVERS = {"xg": "ours", "mainline": "mainline", "none": "emulated",
           "virtio": "virtio"}

# An operation: what exits and hypercalls are counted for.
OPERATION = {"IOPS": "I/O", "MB/s": "I/O", "Mbit/s": "MB",
             "packets/s": "packet", "round trips/s": "round trip"}
# CPU time is given for so many operations, called so.
CPU_FOR = {"Mbit/s": (1000, "GB"), "packets/s": (1000, "1000 packets")}


def select(patterns):
    """Rows whose name fits one of the patterns; without any, all."""
    return [row for row in ROWS
            if not patterns
            or any(fnmatch.fnmatch(row.name, p) for p in patterns)]


def result(row, text):
    """What the guest's program said -> (value in row.unit, operations/s).

    ValueError where it is not a result: a program failed or was cut short.
    """
    if row.unit in ("IOPS", "MB/s"):
        words = text.strip().split(";")         # KiB/s, IOPS: read, written
        read_kib, reads, written_kib, writes = (int(w) for w in words)
        ios = reads + writes
        rate = (read_kib + written_kib) * 1024 / 1e6
        return (ios if row.unit == "IOPS" else rate), ios
    if row.unit == "round trips/s":
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
