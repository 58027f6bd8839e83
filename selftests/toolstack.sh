# SPDX-License-Identifier: GPL-2.0-only
# For tests that need the toolstack's hand: source it after ktap.sh. Its other half
# runs in dom0, testbed/suite.d/control.host and console.host.

# toolstack COMMAND WORD...: have it done; 0 where it succeeded. What it said is in
# $answer: letters, digits, '-', and '_' for all else. Requests are numbered in a
# file, as results are often got in a subshell.
toolstack() {
	ktap_ask=$(($(cat /run/asked 2>/dev/null || echo 0) + 1))
	echo $ktap_ask >/run/asked
	mark "ask.$ktap_ask.$(echo "$*" | tr ' /' ':+')"
	ktap_patience=$((toolstack_wait * 5))
	until ktap_told=$(ls /run/tell | grep "^answer\.$ktap_ask\."); do
		ktap_patience=$((ktap_patience - 1))
		answer="no answer to '$*'"
		[ $ktap_patience -gt 0 ] || return 1
		sleep 0.2
	done
	answer=${ktap_told#answer.*.*.}
	ktap_told=${ktap_told#answer.*.}
	[ "${ktap_told%%.*}" = ok ]
}

# key_is KEY VALUE: what the toolstack reads there
key_is() {
	toolstack get "$1" && [ "$answer" = "$2" ]
}

command -v mark >/dev/null || skip_all "no toolstack at hand, see testbed/suite"
toolstack_wait=30
toolstack ping || skip_all "no toolstack answers"
toolstack_wait=90
