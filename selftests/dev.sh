# SPDX-License-Identifier: GPL-2.0-only
# For the tests of /dev/xen: source it after ktap.sh.

# program NAME WHAT TEST: one of its tests; 4 is a skip
program() {
	ktap_out=$("$1" "$3" 2>&1)
	case $? in
	0) ok "$2" ;;
	4) skip "$2" "this Xen maps no grants of a guest" ;;
	*) fail "$2" "$ktap_out" ;;
	esac
}

# dev_held: what all open files have, in one line
dev_held() {
	tr '\n' ' ' <"$XG_DEBUGFS/dev"
}

# all_held: the same, and what the layers say of it
all_held() {
	echo "$(dev_held)ports $(counter evtchn bound)" \
		"grants $(counter grant in_use) mapped $(counter grant mapped)" \
		"deferred $(counter grant deferred)" \
		"watches $(counter xenbus watches)"
}

as_before() {
	[ "$(all_held)" = "$before" ]
}

# nothing_left WHAT: it is as it was in $before
nothing_left() {
	wait_for 10 as_before
	is "$1" "$(all_held)" "$before"
}

# start NAME TEST: in the background, until it says a line, which is in $said;
# talk WORD: say a line to it, and wait for its next. Its number is $started.
start() {
	ktap_in=/tmp/dev-in.$$ ktap_say=/tmp/dev-out.$$
	rm -f $ktap_in $ktap_say
	mkfifo $ktap_in
	: >$ktap_say
	"$@" <$ktap_in >$ktap_say 2>&1 &
	started=$!
	exec 9>$ktap_in
	cleanup "kill -9 $started 2>/dev/null"
	ktap_lines=0
	hear
}

has_said() {
	[ "$(wc -l <$ktap_say)" -gt $ktap_lines ] || [ ! -d "/proc/$started" ] ||
		grep -q '^State:.Z' "/proc/$started/status"
}

hear() {
	wait_for 30 has_said
	ktap_lines=$((ktap_lines + 1))
	said=$(sed -n "${ktap_lines}p" $ktap_say)
	[ -n "$said" ]
}

talk() {
	echo "$1" >&9
	hear
}

# killed: it is, and gone
killed() {
	kill -9 $started
	wait $started 2>/dev/null
	exec 9>&-
}
