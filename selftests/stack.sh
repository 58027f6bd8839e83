# SPDX-License-Identifier: GPL-2.0-only
# For tests that take the stack down and up again: source it after ktap.sh.

# Lowest first. What stands here is what `modprobe xg-platform-pci` brings, in time.
stack_modules="xg-proto xg-hypercall xg-evtchn xg-time xg-grant xg-xenbus xg-balloon xg-control xg-dev xg-smp xg-spinlock xg-console xg-blkfront xg-netfront xg-platform-pci"

# module_file NAME: its .ko, from $XG_MODULES or the installed modules
module_file() {
	find ${XG_MODULES:-} "/lib/modules/$(uname -r)" \
		-name "$1.ko" -print 2>/dev/null | head -n 1
}

# try_insmod NAME PARAMETER...: 0 or 1; the message is left in $insmod_said.
try_insmod() {
	ktap_file=$(module_file "$1")
	shift
	insmod_said=$(insmod "$ktap_file" "$@" 2>&1) || return 1
}

# said_by MODULE: its different lines since log_mark (busybox's insmod tries a
# refused module twice)
said_by() {
	log_since | grep "$1:" | sed 's/^[^]]*\] *//' | sort -u
}

# options_of MODULE: as modprobe would give them to it
options_of() {
	sed -n "s/^options $1 //p" /etc/modprobe.d/*.conf 2>/dev/null | tr '\n' ' '
}

# Parameters in $hypercall, $evtchn, $time, $platform; else modprobe's.
stack_up() {
	for ktap_module in $stack_modules; do
		loaded "$ktap_module" && continue
		ktap_options=
		case $ktap_module in
		xg-hypercall) ktap_options=${hypercall:-} ;;
		xg-evtchn) ktap_options=${evtchn:-} ;;
		xg-time) ktap_options=${time:-} ;;
		xg-platform-pci) ktap_options=${platform:-} ;;
		esac
		[ -n "$ktap_options" ] || ktap_options=$(options_of "$ktap_module")
		try_insmod "$ktap_module" $ktap_options || return 1
	done
}

# Test modules hold layers: they go first.
stack_down() {
	stack_disks=$(ls /sys/block | grep '^xvd')
	for ktap_module in $(lsmod | sed -n 's/^\(xg_test_[^ ]*\) .*/\1/p'); do
		rmmod "$ktap_module" || return 1
	done
	for ktap_module in $stack_modules; do
		echo "$ktap_module"
	done | sed '1!G;h;$!d' | while read -r ktap_module; do
		loaded "$ktap_module" || continue
		rmmod "$ktap_module" || exit 1
	done
}

stack_gone() {
	! lsmod | grep -q '^xg_'
}

# stack_take_down: for a test that begins without any module; puts back what
# was there at the end.
stack_take_down() {
	[ -n "$(module_file xg-hypercall)" ] ||
		skip_all "the modules are not there: XG_MODULES=DIRECTORY"
	if stack_gone; then
		cleanup stack_down
		return
	fi
	stack_down >/tmp/stack-down.$$ 2>&1 ||
		skip_all "the modules are in use: $(cat /tmp/stack-down.$$)"
	stack_found=$stack_disks
	cleanup 'stack_disks=$stack_found; stack_put_back'
	cleanup stack_down
}

# Up again, and the disks are as they were before stack_down.
stack_put_back() {
	hypercall= evtchn= time= platform= stack_up
	for ktap_disk in $stack_disks; do
		the_disk "/dev/$ktap_disk"
	done
}

# Where this runs
on_xen() {
	grep -qs 0x5853 /sys/bus/pci/devices/*/vendor
}

# not KVM's emulation of it
real_xen() {
	[ "$(cat /sys/class/dmi/id/sys_vendor)" = Xen ]
}

kernel_has_xen() {
	! loaded xg-dev && [ "$(cat /sys/hypervisor/type 2>/dev/null)" = xen ]
}

# the_disk: wait for $1 (default $XG_DISK, else xvda)
the_disk() {
	wait_for 30 test -b "${1:-${XG_DISK:-/dev/xvda}}"
}

read_disk() {
	the_disk && dd if="${XG_DISK:-/dev/xvda}" of=/dev/null bs=64k count=16 \
		iflag=direct 2>/dev/null
}

# test_module NAME: have it loaded, until the test ends
test_module() {
	loaded "$1" || try_insmod "$1" || skip_all "$1: $insmod_said"
	cleanup "rmmod $1 2>/dev/null"
}

# module_test WHAT FILE WORDS [TEXT WHY]: one of a test module's tests, begun by
# WORDS in FILE; skipped for WHY where the write fails with TEXT. The log, and
# FILE's neighbour "result", tell where it failed.
module_test() {
	log_mark
	if ktap_out=$( (echo "$3" >"$2") 2>&1); then
		ok "$1"
	elif [ -n "${4:-}" ] && echo "$ktap_out" | grep -q "$4"; then
		skip "$1" "$5"
	else
		fail "$1" "$ktap_out
$(cat "${2%/*}/result" 2>/dev/null)
$(log_since | grep xg-)"
	fi
}

# What drivers hold, which must be the same before and after
held() {
	echo "grants $(counter grant in_use) ports $(counter evtchn bound)" \
		"watches $(counter xenbus watches)"
}

# Has each interface a connection?
nets_live() {
	for ktap_net in /sys/bus/xg/devices/vif-*; do
		[ ! -e "$ktap_net" ] ||
			[ "$(counter "netfront/${ktap_net##*/}" live)" = 1 ] || return 1
	done
}

# The size in sectors that the disk has in sysfs
disk_sectors() {
	cat "/sys/class/block/${1##*/}/size"
}

# storm_start DISK MIB JOBS: I/O that checks itself, until storm_stop, which
# fails if anything read back was wrong or any I/O failed.
storm_start() {
	storm_stop=/tmp/storm-stop.$$
	rm -f $storm_stop
	diskdata storm "$1" "$2" $$ "$3" $storm_stop >/tmp/storm.$$ 2>&1 &
	storm_pid=$!
	cleanup "touch $storm_stop"
}

storm_ops() {
	sed -n 's/^ops: \([0-9]*\) .*/\1/p' /tmp/storm.$$
}

storm_worst_ms() {
	sed -n 's/.*worst_ms: \([0-9]*\) .*/\1/p' /tmp/storm.$$
}

# ended PID: gone, or a zombie that the shell has not noticed
ended() {
	! grep -qs '^State:[^Z]*$' /proc/$1/status
}

# storm_ends SECONDS: by itself, for want of a disk; if not, where it hangs
storm_ends() {
	wait_for "$1" ended $storm_pid && return
	for ktap_task in /proc/$storm_pid/task/*; do
		sed "s/^/${ktap_task##*/} /" $ktap_task/status $ktap_task/stack |
			grep -E 'State|\['
	done
	return 1
}

storm_stop() {
	touch $storm_stop
	wait $storm_pid
}
