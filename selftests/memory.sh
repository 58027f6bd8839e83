# SPDX-License-Identifier: GPL-2.0-only
# For tests of the balloon: source it after ktap.sh and stack.sh. Amounts in KiB.

need xg-balloon
xen_memory=/sys/devices/system/xen_memory/xen_memory0
mib=1024

need_balloon() {
	[ -d $xen_memory ] || skip_all "Xen keeps no count of this guest's memory"
}

# of /proc/meminfo
meminfo() {
	awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo
}

kib() {
	counter balloon "$1"_kib
}

set_target() {
	echo "$1" >$xen_memory/target_kb
}

at_target() {
	[ "$(kib current)" = "$(kib target)" ]
}

# near A B [BY]: they differ by 1 MiB at most
near() {
	ktap_by=$(($1 - $2))
	[ ${ktap_by#-} -le "${3:-$mib}" ] ||
		{ echo "$1 and $2 differ by $ktap_by"; return 1; }
}

# settles_at TARGET: it is there within a minute
settles_at() {
	wait_for 60 sh -c "[ \$(cat $xen_memory/info/current_kb) -eq $1 ]"
}
