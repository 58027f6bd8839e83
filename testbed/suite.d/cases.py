# SPDX-License-Identifier: GPL-2.0-only
"""What `make test` runs. A case is a command here, or a guest and its tests."""

import dataclasses
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]


@dataclasses.dataclass
class Case:
    name: str
    what: str                       # one line for --list
    # a command of this machine ...
    command: list[str] | None = None
    # ... or a guest, with tests of selftests/ or a script of suite.d/
    engine: str = "kvm"
    kernel: str = "6.1"
    drivers: str = "xg"
    tests: list[str] = dataclasses.field(default_factory=list)
    guest_script: str = ""
    # scripts of suite.d/, as one, and programs they want; or programs of
    # selftests/ that run together
    host_script: str = ""
    options: list[str] = dataclasses.field(default_factory=list)
    data: bool = False              # stack/data.sh, checked from the host too
    timeout: int = 300
    soak_timeout: int = 3600
    soak_only: bool = False
    soak_events: int = 200000       # evtchn/flood.sh's, in a soak
    makes: str = ""                 # a command needs modules for this kernel


# Without those that need a peer of their own making: xen-kinds,
# xen-net-hostile.
EVTCHN = ["evtchn/flood.sh", "evtchn/hotplug.sh", "evtchn/ports.sh",
          "evtchn/left-open.sh"]
# grant first: foreign-peer waits for it, but not for ever.
LAYERS = ["proto", "grant", *EVTCHN, "evtchn/peer.sh", "time/basic.sh",
          "xenbus", "blkfront/fs.sh", "blkfront/io.sh", "blkfront/rebind.sh",
          "netfront/basic.sh", "platform/hypercall.sh"]
# Their peers in dom0.
PEERS = "foreign-peer event-peer netdata"
# What says no more on another kernel or hypervisor.
ONCE = ["xenbus", "blkfront/fs.sh", "blkfront/rebind.sh", "evtchn/peer.sh"]
# What wants a dom0 for most that it tests, and what other KVM cases have.
NOT_KVM = ["netfront/basic.sh", "evtchn/hotplug.sh"]
NET = ["netfront/hash.sh", "netfront/mixed.sh", "netfront/reload.sh",
       "netfront/xdp.sh"]
# They take modules out and in.
SMP = ["smp/ipi.sh"]
CPUS = ["evtchn/hotplug.sh", "stack/cpu-hotplug.sh"]
LOCKS = ["spinlock/locks.sh", "spinlock/reload.sh"]
STACK = ["stack/cpu-hotplug.sh", "stack/reload.sh", "stack/data.sh"]
# The last one: it leaves the guest with upcalls by vector.
UPCALL = ["evtchn/upcall.sh"]
FIFO = ["--modparam", "xg-evtchn abi=fifo",
        "--config", "max_event_channels=6000"]
# Migration makes a second guest beside the first.
ROOM = ["--memory", "896", "--config", "memory=384"]
# Room for a kernel that follows a crash, and its initramfs
KEXEC = ["--memory", "896", "--cmdline", "crashkernel=256M"]
FLOOD = {"soak_only": True, "soak_events": 10000000, "soak_timeout": 8000}
# More than shared info has places for. Emulated, they boot slower than the kernel
# thinks a kernel can.
MANY_CPUS = ["--vcpus", "40", "--memory", "1024", "--cmdline",
             "quiet nowatchdog rcupdate.rcu_cpu_stall_suppress=1"]
# Devices of every kind of interrupt. The disk is dom0's second RAM disk; a boot
# ROM would take long.
REMAP = ["--disk", "ram:64", "--config",
         "vif=['bridge=xenbr0,model=e1000e','bridge=xenbr0,model=e1000']",
         "--config", "device_model_args_hvm=["
         "'-global','e1000e.romfile=','-global','e1000.romfile=',"
         "'-drive','if=none,id=nvme0,file=/dev/ram1,format=raw,"
         "file.locking=off','-device','nvme,serial=xg,drive=nvme0']"]
# QEMU's own cases of a Xen guest's interrupts: what the kernel, and we, leave out;
# and lines that are masked until a thread has run.
REMAP_CASES = {
    "nomsi": ["--cmdline", "pci=nomsi"],
    "threads": ["--cmdline", "threadirqs pci=nomsi"],
    "noapic": ["--cmdline", "noapic pci=nomsi"],
    "intx": ["--modparam", "xg-evtchn upcall=intx"],
    "intx-nomsi": ["--modparam", "xg-evtchn upcall=intx",
                   "--cmdline", "pci=nomsi"],
    "intx-noapic": ["--modparam", "xg-evtchn upcall=intx",
                    "--cmdline", "noapic"],
}


# For kernels that have the drivers built in: nothing is taken out.
BUILT_IN = ["grant", *EVTCHN[:3], "time/basic.sh", "xenbus", "blkfront/fs.sh",
            "blkfront/io.sh", "netfront/basic.sh", "platform/hypercall.sh",
            "spinlock/locks.sh", *STACK[::2]]
CONSOLE = ["console/basic.sh", "console/reload.sh"]
# The first of the channels is for xl before 4.20, which gives it number 0, that of the
# domain's own console, and then refuses it; so ours is number 1.
CONSOLES = ["--config",
            "channel=['connection=pty,name=xg.refused',"
            "'connection=socket,name=xg.second,path=/run/xg/second']"]


def remap(name, what, **more):
    """A guest whose devices' interrupts come by event channel."""
    more = {"engine": "xen", "options": REMAP, "timeout": 900} | more
    return Case(name, what, drivers="none",
                tests=["platform-pci/remap.sh"], **more)


def pvh_loader(elf):
    """A PVH guest by pvh-boot/loader, see engine_xen.fill_share()."""
    return ["--type", "pvh", "--config", f'kernel="/mnt/xg/run/{elf}"',
            "--config", 'ramdisk="/mnt/xg/run/bundle"']


CASES = [
    Case("proto", "wire formats on the host, ASan and UBSan, lying peers",
         command=["make", "-s", "-C", "proto/host", "check"]),
    Case("pvh-plan", "what the PVH loader decides, on the host, ASan and UBSan",
         command=["make", "-s", "-C", "pvh-boot/loader", "check"]),
    Case("pvh-loader", "the PVH loader boots stock kernels in QEMU, and stops "
         "when it cannot", command=["testbed/suite.d/pvh-loader"],
         soak_only=True),
    Case("pvh-entry", "a kernel boots by its own PVH entry in QEMU, and stops when "
         "it cannot", command=["testbed/suite.d/pvh-entry", "xg-6.12"],
         makes="xg-6.12", soak_only=True),
    Case("series", "the patches for kernels apply, scripts/linux-tree lays what it "
         "should", command=["testbed/suite.d/series"]),
    Case("harness", "a bad test fails, whichever way it is bad",
         command=["testbed/suite.d/harness"]),
    Case("faults", "only an emulator's fault is called one",
         command=["testbed/suite.d/faults"]),
    Case("bench", "the bench's parser, tables and charts, from recorded output",
         command=["bench/self-check"]),
    Case("packaging", "make install and uninstall, what loads before what, the "
         "package", command=["packaging/self-check", "6.1"], makes="6.1"),
    Case("no-xen", "loads on a machine without Xen are refused",
         command=["testbed/suite.d/no-xen", "6.1"], makes="6.1"),
    Case("kvm-6.1", "most layers on KVM's Xen emulation",
         tests=[*(t for t in LAYERS if t not in ONCE + NOT_KVM),
                "stack/shortage.sh", "stack/data.sh"], data=True,
         timeout=600),
    Case("kvm-6.12", "upcall by one vector for all CPUs, kernel 6.12; what the "
         "engine does not matter to is xen-6.12's", kernel="6.12", data=True,
         tests=[*EVTCHN, *SMP, *LOCKS, *STACK[::2]],
         options=["--modparam", "xg-evtchn upcall=callback"], timeout=420),
    Case("kvm-intx", "upcall by INTx, hypercalls through the page",
         tests=["evtchn/flood.sh", "evtchn/ports.sh", "stack/data.sh"], data=True,
         options=["--modparam", "xg-evtchn upcall=intx",
                  "--modparam", "xg-hypercall hypercall=page"]),
    Case("kvm-loading", "emulated disks in use and free; wrong order, twice, "
         "bad parameters", drivers="none", timeout=600,
         tests=["unplug", "platform"]),
    Case("kvm-all", "all that can be tested without a dom0", data=True,
         tests=[*(t for t in LAYERS if t != "evtchn/peer.sh"),
                "stack/shortage.sh", "time/switch.sh", *STACK, *UPCALL],
         timeout=1200, soak_only=True),
    Case("kvm-mainline", "control: the kernel's own drivers pass the same "
         "tests; ours refuse to load", drivers="mainline",
         tests=["platform/mainline-active.sh", "stack/cpu-hotplug.sh",
                "stack/data.sh"], data=True, soak_only=True),
    Case("xen-6.1", "every layer and the stack on real Xen", engine="xen",
         tests=[*LAYERS, *SMP, *STACK], host_script=PEERS, data=True,
         timeout=1000),
    Case("xen-6.12", "the same on kernel 6.12, with FIFO events and a vector for "
         "each CPU", engine="xen",
         kernel="6.12", data=True, timeout=1200,
         tests=[*(t for t in LAYERS if t not in ONCE), "evtchn/fifo.sh",
                *STACK[::2]], host_script=PEERS,
         options=[*FIFO, "--modparam", "xg-evtchn upcall=vector"]),
    Case("xen-fifo", "FIFO events: ports, priorities, CPUs that come and go, the "
         "stack out and in", engine="xen", timeout=600, soak_only=True,
         tests=[*EVTCHN, "evtchn/fifo.sh", "stack/reload.sh"],
         options=FIFO),
    Case("kvm-flood-callback", "ten million events by one vector for all CPUs",
         tests=["evtchn/flood.sh"], **FLOOD,
         options=["--modparam", "xg-evtchn upcall=callback"]),
    Case("kvm-flood-intx", "the same by INTx",
         tests=["evtchn/flood.sh"], **FLOOD,
         options=["--modparam", "xg-evtchn upcall=intx"]),
    Case("xen-flood-vector", "the same by a vector for each CPU; dom0's "
         "events, and its storm", engine="xen", host_script="event-peer",
         tests=["evtchn/flood.sh", "evtchn/peer.sh"], **FLOOD,
         options=["--modparam", "xg-evtchn upcall=vector"]),
    Case("xen-flood-fifo", "the same with FIFO events, on kernel 6.12",
         engine="xen", kernel="6.12", host_script="event-peer",
         tests=["evtchn/flood.sh", "evtchn/peer.sh"], **FLOOD, options=FIFO),
    *(Case(f"kvm-cpus-{upcall}", f"CPUs go and come a hundred times under events, I/O "
           f"and traffic, upcall by {upcall}", timeout=600, soak_only=True,
           tests=CPUS,
           options=["--modparam", f"xg-evtchn upcall={upcall}"])
      for upcall in ("callback", "vector", "intx")),
    Case("xen-cpus-fifo", "the same with FIFO events and a vector for each CPU on "
         "kernel 6.12", engine="xen", kernel="6.12", host_script="netdata",
         tests=CPUS, timeout=600, soak_only=True,
         options=[*FIFO, "--modparam", "xg-evtchn upcall=vector"]),
    Case("xen-40", "40 vCPUs: events, timers and I/O on each", engine="xen",
         tests=["evtchn/many-cpus.sh"], timeout=1800, soak_only=True,
         options=MANY_CPUS),
    Case("xen-40-fifo", "the same with FIFO events on kernel 6.12", engine="xen",
         kernel="6.12", tests=["evtchn/many-cpus.sh"], timeout=1800,
         soak_only=True, options=[*MANY_CPUS, *FIFO]),
    Case("xen-clock", "the clock beside the host's for half an hour, 4 vCPUs; how late "
         "threads wake", engine="xen", tests=["time/drift.sh", "time/latency.sh"],
         host_script="netdata", options=["--vcpus", "4"], soak_only=True),
    Case("xen-clock-mainline", "control: how late they wake by the kernel's own timers",
         engine="xen", drivers="mainline", tests=["time/latency.sh"],
         options=["--vcpus", "4"], soak_only=True),
    remap("xen-remap", "interrupts of emulated devices by event channel",
          soak_only=True),
    remap("xen-remap-6.12", "the same on kernel 6.12", kernel="6.12",
          soak_only=True),
    remap("xen-remap-fifo", "the same with FIFO events", soak_only=True,
          options=REMAP + FIFO),
    remap("xen-remap-4.20", "the same on Xen 4.20, asked for", soak_only=True,
          options=[*REMAP, "--xen", "4.20", "--config", "hvm_pirq=1"]),
    remap("xen-remap-off", "and not asked for: Xen 4.20 offers none",
          soak_only=True, options=[*REMAP, "--xen", "4.20"]),
    Case("xen-passthrough", "a NIC of the machine's own, passed through by an IOMMU: "
         "its MSI-X by event channel", engine="xen", drivers="none", timeout=900,
         tests=["platform-pci/remap.sh"], soak_only=True,
         options=["--config", "pci=['00:10.0']"]),
    *(remap(f"xen-remap-{name}", "the same with " + " ".join(options[1::2]),
            options=REMAP + options, soak_only=True)
      for name, options in REMAP_CASES.items()),
    remap("kvm-remap", "the line of an emulated NIC, upcall by callback",
          engine="kvm", options=["--modparam", "xg-evtchn upcall=callback"],
          timeout=600, soak_only=True),
    Case("xen-hotplug", "block-attach and block-detach, idle and under I/O; a "
         "backend that dies", engine="xen", guest_script="hotplug.guest",
         host_script="hotplug.host", timeout=600, soak_only=True),
    Case("kvm-userspace", "/dev/xen and /sys/hypervisor, as far as QEMU has what "
         "they need", kernel="6.12", tests=["dev"], soak_only=True),
    Case("xen-userspace", "the same, with programs of dom0 at the other end",
         engine="xen", tests=["dev"], host_script="vchan", timeout=500),
    # Processors to be added, and after all the guest's end.
    Case("xen-control", "xl shutdown, reboot, sysrq and vcpu-set; then a shutdown "
         "in earnest", engine="xen", tests=["control", "smp"],
         host_script="control.host", options=["--config", "maxvcpus=4"],
         timeout=1200, soak_only=True),
    Case("xen-suspend", "save and restore, a save that is cancelled, migration, "
         "under I/O and traffic", engine="xen", guest_script="suspend.guest",
         host_script="suspend.host netdata", options=ROOM, timeout=900,
         soak_timeout=7200),
    Case("xen-suspend-6.12", "the same on kernel 6.12 with FIFO events and a "
         "vector for each CPU", engine="xen", kernel="6.12",
         guest_script="suspend.guest", host_script="suspend.host netdata", timeout=900,
         soak_timeout=7200, soak_only=True,
         options=[*ROOM, *FIFO, "--modparam", "xg-evtchn upcall=vector"]),
    Case("kvm-kexec", "kernels that start each other by kexec",
         guest_script="kexec.guest", options=KEXEC, timeout=400, soak_only=True),
    Case("xen-kexec", "the same on real Xen, kernel 6.12", engine="xen",
         kernel="6.12", guest_script="kexec.guest", timeout=600, options=KEXEC,
         soak_only=True),
    Case("xen-kexec-fifo", "the same with FIFO events, which only a soft reset "
         "ends", engine="xen", guest_script="kexec.guest", timeout=600,
         options=["--memory", "768", *FIFO], soak_only=True),
    Case("xen-overcommit", "locks of a guest that has fewer processors than vCPUs, "
         "and work beside it", engine="xen", tests=["spinlock"],
         host_script="hog.host", options=["--vcpus", "4"], timeout=900,
         soak_only=True),
    Case("xen-console", "the domain's console and a channel: bytes both ways, slow "
         "ends, out and in", engine="xen", tests=CONSOLE,
         host_script="console.host", options=CONSOLES, timeout=900,
         soak_only=True),
    Case("xen-console-6.12", "the same on kernel 6.12", engine="xen",
         kernel="6.12", tests=CONSOLE, host_script="console.host",
         options=CONSOLES, timeout=900, soak_only=True),
    *(Case(f"xen-console-printk{suffix}", "the kernel's messages on the domain's "
           "console, and a host that does not read them", engine="xen",
           kernel=kernel, tests=["console/printk.sh"],
           host_script="console.host", options=["--cmdline", "console=hvc0"],
           soak_only=True)
      for suffix, kernel in (("", "6.1"), ("-6.12", "6.12"))),
    Case("xen-console-hostile", "console backends that lie or say nothing",
         engine="xen", tests=["console/hostile.sh"], host_script="fake-console",
         timeout=600, soak_only=True),
    Case("xen-net-hotplug", "network-attach and network-detach, idle and under "
         "traffic; a backend that goes and comes back", engine="xen",
         guest_script="net-hotplug.guest", host_script="net-hotplug.host",
         timeout=600, soak_only=True),
    # The machine has room for two guests, the guest takes its part.
    Case("xen-driver-domain", "a disk and a network that another guest serves, "
         "and its death", engine="xen", guest_script="driver-domain.guest",
         host_script="driver-domain.host", timeout=600, soak_only=True,
         options=["--memory", "768", "--config", "memory=512", "--put",
                  "testbed/suite.d/driver-domain.init"]),
    Case("xen-memory", "the guest's own target for its memory; a process short of "
         "it", engine="xen", tests=["balloon"], timeout=900, soak_only=True),
    Case("xen-balloon", "xl mem-set up and down under I/O, targets that are none, "
         "out and in while memory is out", engine="xen", timeout=900,
         soak_only=True, guest_script="balloon.guest",
         host_script="resize.host balloon.host"),
    Case("xen-balloon-pod", "memory=256, maxmem=1024: populated on demand",
         engine="xen", timeout=900, guest_script="balloon-pod.guest",
         soak_only=True,
         host_script="resize.host balloon-pod.host",
         options=["--memory", "1024", "--config", "memory=256", "--config",
                  "maxmem=1024"]),
    Case("xen-net", "the hash, mixed traffic, XDP, out and in under traffic",
         engine="xen", tests=NET, host_script="netdata", timeout=600),
    Case("xen-net-4", "the same with four queues on kernel 6.12", engine="xen",
         kernel="6.12", tests=[*NET, "stack/shortage.sh"],
         host_script="netdata",
         options=["--vcpus", "4"], timeout=900, soak_only=True),
    Case("xen-net-offloads", "TCP and UDP, IPv4 and IPv6, MTU 1500 and 9000, each "
         "offload on and off", engine="xen", soak_only=True, timeout=1500,
         tests=["netfront/offloads.sh"], host_script="offloads.host"),
    Case("xen-net-offloads-6.12", "the same on kernel 6.12", engine="xen",
         kernel="6.12", soak_only=True, timeout=1500,
         tests=["netfront/offloads.sh"], host_script="offloads.host"),
    Case("kvm-net", "the network on KVM's Xen emulation: no offload, one queue",
         tests=["netfront/basic.sh", "netfront/offloads.sh", *NET[2:]],
         timeout=900, soak_only=True),
    Case("kvm-net-6.12", "the same on kernel 6.12", kernel="6.12",
         tests=["netfront/basic.sh", "netfront/offloads.sh", *NET[2:]],
         timeout=900, soak_only=True),
    Case("xen-net-hostile", "network backends that lie, refuse or say nothing",
         engine="xen", tests=["netfront/hostile.sh"], host_script="fake-vif",
         timeout=900, soak_only=True),
    Case("xen-6.12-4.20", "the same on Xen 4.20", engine="xen", kernel="6.12",
         tests=[*LAYERS, "time/switch.sh", *STACK, *UPCALL], data=True,
         host_script=PEERS,
         options=["--xen", "4.20"], timeout=900, soak_only=True),
    Case("xen-kinds", "disks of all kinds; backends that fall silent, die or lie",
         engine="xen", tests=["blkfront/kinds.sh"], host_script="fake-vbd",
         timeout=900, soak_only=True),
    Case("xen-mainline", "control on real Xen", engine="xen",
         drivers="mainline", tests=STACK[::2], data=True, timeout=600,
         soak_only=True),
    Case("xen-pvh-mainline", "control as a PVH guest", engine="xen",
         drivers="mainline", tests=STACK[::2], data=True, timeout=600,
         options=["--type", "pvh"], soak_only=True),
    Case("xen-pvh-loader", "the same by the PVH loader; a guest whose bundle is "
         "cut off", engine="xen", drivers="mainline", tests=STACK[::2], data=True,
         timeout=600, host_script="pvh-loader.host", soak_only=True,
         options=pvh_loader("pvh-loader.elf")),
    Case("xen-pvh-loader-v0", "the memory map asked of Xen, kernel 6.12",
         engine="xen", kernel="6.12", drivers="mainline", tests=STACK[2:],
         data=True, timeout=600, soak_only=True, options=pvh_loader("v0.elf")),
    Case("xen-plain-6.12", "a small kernel 6.12 without Xen code, all as modules",
         engine="xen", kernel="plain-6.12", tests=STACK, data=True, timeout=600,
         soak_only=True),
    *(Case(f"xen-{kind}-{kernel}", f"a kernel with all built in, as {kind.upper()}",
           engine="xen", kernel=kernel, tests=BUILT_IN, data=True,
           host_script=PEERS, timeout=900, soak_only=True,
           options=["--type", kind])
      for kind in ("hvm", "pvh") for kernel in ("xg-6.12", "xg-6.1")),
]
