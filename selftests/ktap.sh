# SPDX-License-Identifier: GPL-2.0-only
# KTAP for shell tests: source it first, then report. Any POSIX shell.
#
#	. "${0%/*}/../ktap.sh"
#	plan 2
#	need xg-evtchn
#	is "no port is leaked" "$(counter evtchn bound)" 3
#	check "the store answers" store_read domid
#
# Results: ok, fail, skip, is, like, check. Ends: skip_all, and the end of the script,
# where cleanups run, the last first, and what was promised is compared with
# what was reported. Exit status as in kselftest: 0 pass, 1 fail, 4 skip.

XG_TESTS=${XG_TESTS:-$(cd "${0%/*}/.." && pwd)}
PATH=${XG_BIN:-$XG_TESTS/../build/programs}:$PATH:/usr/sbin:/sbin
XG_DEBUGFS=${XG_DEBUGFS:-/sys/kernel/debug/xg}

ktap_planned=
ktap_run=0
ktap_failed=0
ktap_cleanups=
ktap_end_said=

echo "TAP version 13"

# plan N: how many results will come. Without it the end prints the plan.
plan() {
	ktap_planned=$1
	echo "1..$1"
}

# diag TEXT...: one comment line a line of TEXT
diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

ok() {
	ktap_run=$((ktap_run + 1))
	echo "ok $ktap_run $1"
}

# fail WHAT [WHY]
fail() {
	ktap_run=$((ktap_run + 1))
	ktap_failed=$((ktap_failed + 1))
	echo "not ok $ktap_run $1"
	[ -z "${2-}" ] || diag "$2"
}

# skip WHAT WHY
skip() {
	ktap_run=$((ktap_run + 1))
	echo "ok $ktap_run $1 # SKIP $2"
}

# skip_all WHY: nothing here can be tested on this machine; ends the test.
skip_all() {
	ktap_end_said=1
	[ -n "$ktap_planned" ] && diag "skipped: $1" || echo "1..0 # SKIP $1"
	exit 4
}

# is WHAT GOT WANTED: the two are the same string
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		fail "$1" "got '$2', wanted '$3'"
	fi
}

# like WHAT GOT PATTERN: an extended regular expression, letters' case ignored
like() {
	if printf '%s\n' "$2" | grep -qiE -- "$3"; then
		ok "$1"
	else
		fail "$1" "got '$2', wanted /$3/"
	fi
}

# check WHAT COMMAND...: the command succeeds; its output is shown if not
check() {
	ktap_what=$1
	shift
	if ktap_out=$("$@" 2>&1); then
		ok "$ktap_what"
	else
		fail "$ktap_what" "$* -> $?${ktap_out:+
$ktap_out}"
	fi
}

# cleanup COMMAND: to be run at the end, however it comes
cleanup() {
	ktap_cleanups="$*
$ktap_cleanups"
}

ktap_finish() {
	ktap_status=$?
	trap - EXIT
	eval "$ktap_cleanups"
	[ -n "$ktap_end_said" ] && exit $ktap_status
	[ -n "$ktap_planned" ] || plan $ktap_run
	if [ $ktap_run -eq 0 ]; then
		diag "no result was reported"
		exit 1
	fi
	if [ $ktap_run -ne "$ktap_planned" ]; then
		diag "planned $ktap_planned results, reported $ktap_run"
		exit 1
	fi
	if [ $ktap_failed -gt 0 ]; then
		exit 1
	fi
	exit $ktap_status
}
trap ktap_finish EXIT
trap 'exit 1' INT TERM

# --- what tests of these drivers need ----------------------------------------

# counter FILE KEY: the number or word behind KEY ("KEY: 3" or "KEY 3") in our debugfs
counter() {
	awk -v key="$2" '{ name = $1; sub(/:$/, "", name) }
		name == key { print $2; found = 1; exit }
		END { exit !found }' "$XG_DEBUGFS/$1"
}

# built_in MODULE: is it a part of the kernel itself?
built_in() {
	grep -qs "/$1\.ko$" "/lib/modules/$(uname -r)/modules.builtin"
}

# loaded MODULE: is it in the kernel now?
loaded() {
	[ -d "/sys/module/$(echo "$1" | tr - _)" ] || built_in "$1"
}

# need MODULE...: or there is nothing to test
need() {
	for ktap_module in "$@"; do
		loaded "$ktap_module" || skip_all "$ktap_module is not loaded"
	done
}

# scratch_disk: sets $disk to the disk whose content may be destroyed, $XG_DISK
scratch_disk() {
	disk=${XG_DISK:-}
	[ -n "$disk" ] ||
		skip_all "name a disk that may be overwritten: XG_DISK=/dev/xvdX"
	[ -b "$disk" ] || skip_all "$disk is no block device"
}

# rounds FEW MANY: how often to repeat; MANY when XG_SOAK is set
rounds() {
	if [ -n "${XG_SOAK:-}" ]; then echo "$2"; else echo "$1"; fi
}

# wait_for SECONDS COMMAND...: poll until the command succeeds
wait_for() {
	ktap_left=$(($1 * 5))
	shift
	until "$@" >/dev/null 2>&1; do
		ktap_left=$((ktap_left - 1))
		[ $ktap_left -gt 0 ] || return 1
		sleep 0.2
	done
}

# log_mark, then log_since: the kernel's lines that came between
log_mark() {
	ktap_mark="selftest mark $$.$(cut -d' ' -f1 /proc/uptime)"
	echo "$ktap_mark" >/dev/kmsg
}

log_since() {
	dmesg >/tmp/log-since.$$
	# All of it where the mark itself has been pushed out.
	if grep -q "$ktap_mark" /tmp/log-since.$$; then
		sed "1,/$ktap_mark/d" /tmp/log-since.$$
	else
		cat /tmp/log-since.$$
	fi
	rm -f /tmp/log-since.$$
}

# log_has PATTERN: does a line since the mark match?
log_has() {
	log_since | grep -q -- "$1"
}
