#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's half of the demo. It begins on emulated devices alone and loads
# the modules live. Lines "show ..." are what demo/run shows; the rest is detail.
set -u
D=/sys/kernel/debug/xg

show() { echo "show $*"; }
step() { echo "show"; echo "show == $*"; }
line() { echo "show $(printf '   %-22s %s' "$1" "$2")"; }

give_up() {
	echo "show"
	line "FAILED" "$*"
	dmesg | tail -n 15 | sed 's/^/   | /'
	exit 1
}

# speed DISK KIB JOBS -> reads in about three seconds, and the milliseconds
speed() {
	/put/programs/diskdata speed "$1" 64 1 "$3" "$2" |
		sed -n 's/^ops: \([0-9]*\) .* ms: \([0-9]*\)$/\1 \2/p'
}

# measure DISK: sets $small (4 KiB reads a second) and $large (MB/s)
measure() {
	set -- "$1" $(speed "$1" 4 32)
	[ $# -eq 3 ] || give_up "reading $1"
	small=$(($2 * 1000 / $3))
	set -- "$1" $(speed "$1" 1024 4)
	[ $# -eq 3 ] || give_up "reading $1"
	large=$(($2 * 1048576 / 1000 / $3))
}

value() { sed -n "s/^$2: *//p" "$D/$1" 2>/dev/null; }
mib() { echo "$(($(cat "/sys/block/$1/size") / 2048)) MiB"; }
ratio() { echo "$(($1 / ($2 ? $2 : 1))).$(($1 * 10 / ($2 ? $2 : 1) % 10))"; }

step "The guest, as it was booted"
line "kernel" "Linux $(uname -r), stock Debian, \"nopv\": no Xen support"
[ -b /dev/sda ] || give_up "no emulated disk"
line "/dev/sda" "$(mib sda), emulated IDE"
line "clock" "$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
line "" "measuring the emulated disk ..."
measure /dev/sda
emulated_small=$small
emulated_large=$large

step "modprobe xg-platform-pci"
modprobe xg-platform-pci || give_up "the modules did not load"
i=0
while [ ! -b /dev/xvda ] && [ $i -lt 150 ]; do
	sleep 0.2
	i=$((i + 1))
done
line "Xen found" "$(value xen version), hypercalls $(value xen calls)"
line "upcall chosen" "$(dmesg | sed -n 's/.*xg-evtchn: .* upcall by \(.*\), tried.*/\1/p' | tail -n 1)"
if [ -b /dev/sda ]; then
	line "emulated disk" "$(dmesg | sed -n 's/.*xg-platform-pci: //p' | grep emulated)"
else
	line "emulated disk" "unplugged, /dev/sda is gone"
fi
[ -b /dev/xvda ] || give_up "no /dev/xvda"
line "PV disk" "/dev/xvda, $(mib xvda)"
line "clock" "$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"

step "A filesystem on /dev/xvda"
mkfs.ext4 -q -F /dev/xvda 2>&1 || give_up "mkfs.ext4"
mount -t ext4 /dev/xvda /mnt || give_up "mount"
dd if=/dev/urandom of=/mnt/data bs=1M count=16 2>/dev/null || give_up "write"
before=$(sha256sum </mnt/data | cut -c1-16)
umount /mnt || give_up "umount"
line "written" "mkfs.ext4, mounted, 16 MiB of random data, unmounted"
e2fsck -f -n /dev/xvda || give_up "e2fsck found errors"
line "checked" "e2fsck: clean"
mount -t ext4 -o ro /dev/xvda /mnt || give_up "mount again"
after=$(sha256sum </mnt/data | cut -c1-16)
umount /mnt
[ "$before" = "$after" ] || give_up "read back: $after, wrote $before"
line "read back" "sha256 $after..., as written"

step "Throughput, this guest, this disk"
measure /dev/xvda
show "$(printf '   %-22s %12s %12s %10s' "" emulated PV ratio)"
show "$(printf '   %-22s %12s %12s %10s' "4 KiB reads, 32 deep" \
	"$emulated_small/s" "$small/s" "$(ratio $small $emulated_small)x")"
show "$(printf '   %-22s %12s %12s %10s' "1 MiB reads, 4 deep" \
	"$emulated_large MB/s" "$large MB/s" "$(ratio $large $emulated_large)x")"

step "The network"
modprobe xg-netfront || give_up "modprobe xg-netfront"
i=0
until [ "$(cat /sys/class/net/eth0/carrier 2>/dev/null)" = 1 ] || [ $i -ge 100 ]; do
	ip link set eth0 up 2>/dev/null
	sleep 0.2
	i=$((i + 1))
done
driver=$(readlink /sys/class/net/eth0/device/driver)
line "eth0" "${driver##*/}, $(cat /sys/class/net/eth0/address)"
ip address add 192.0.2.2/24 dev eth0 2>/dev/null
/put/programs/netdata icmp 192.0.2.1 50 8000 || give_up "pings"
line "packets" "50 pings of up to 8000 bytes, each compared byte by byte"

step "rmmod of all of it"
. /put/stack.sh
loaded() { [ -d "/sys/module/$(echo "$1" | tr - _)" ]; }
stack_down || give_up "rmmod"
line "modules left" "$(lsmod | grep -c '^xg_')"
