#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The host's half of bench/run, in dom0 (engine xen) or beside the guest's QEMU
# (engine kvm): servers for the network, devices of virtio, and a look at each
# row's traced repeat, two seconds in its midst.
export LC_ALL=C
cd "${OUT:-.}" || exit 1
. ../plan/env

# The guest's programs, on its second disk; no older than the guest's own.
programs_in_dom0() {
	mkdir -p /tmp/programs
	mount -t ext4 -o ro /dev/vdb /tmp/programs || exit 1
	programs=/tmp/programs
}

servers=()
serve() {
	"$programs/lib/ld-linux-x86-64.so.2" --library-path "$programs/lib" \
		"$programs/lib/$1" "${@:2}" </dev/null >/dev/null 2>&1 &
	servers+=($!)
}

start_servers() {
	trap 'kill "${servers[@]}"' EXIT
	serve iperf3 -s -B "$listen" -p "$iperf_port"
	serve sockperf server --tcp -i "$listen" -p "$sockperf_port"
	../plan/pulse echo "$listen" "$pulse_port" </dev/null >/dev/null &
	servers+=($!)
}

# The RAM disk and the network of any other driver, by virtio.
plug_virtio() {
	local ram=/tmp/ram0
	[ -e "$XG_RUN/ram0" ] && ram=$XG_RUN/ram0
	hmp drive_add 0 "if=none,id=virtio,file=$ram,format=raw,file.locking=off"
	hmp device_add virtio-blk-pci,drive=virtio
	hmp netdev_add user,id=virtio,net=192.0.2.0/24,host=192.0.2.1
	hmp device_add virtio-net-pci,netdev=virtio,romfile=
}

trace_xen() {
	local xentrace
	xentrace=$(command -v xentrace || ls /usr/lib/xen-*/bin/xentrace | head -n 1)
	# VM exits and what their handlers say, hypercall numbers among it.
	"$xentrace" -D -e 0x00083000 -T 2 /tmp/trace >&2
	cp /tmp/trace "$1.trace" && rm /tmp/trace
}

# The counters of the QEMU that testbed/vm runs, our parent.
sample_kvm() {
	local qemu file count
	echo "at $EPOCHREALTIME"
	for qemu in $(pgrep -P $PPID); do
		for file in /sys/kernel/debug/kvm/"$qemu"-*/*; do
			[ -f "$file" ] && read -r count <"$file" &&
				echo "${file##*/} $count"
		done
	done
}

# Those of a guest in a middle machine are out of reach.
trace_kvm() {
	[ "$kvm_counters" = yes ] || return
	sample_kvm >"$1.before"
	sleep 2
	sample_kvm >"$1.after"
}

wait_mark ready 300 || exit 1
[ "$engine" = kvm ] || programs_in_dom0
[ "$net" = yes ] && start_servers
[ "$driver" = virtio ] && plug_virtio
tell host
if [ "$trace" = yes ]; then
	while read -r row _ <&3; do
		wait_mark "trace-$row" 300 || exit 1
		sleep 1.5
		# sockperf prepares itself for that long.
		[ "$row" = net-rr ] && sleep 2.5
		trace_"$engine" "$row"
		tell "traced-$row"
	done 3<../plan/rows
fi
wait_mark finished 600
