#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 400
#: tools ethtool
# The hash by which the backend spreads packets over the queues: what ethtool shows
# and sets is what the backend does, seen by the queues' counters, and it is kept or
# dropped as the connection changes.
#
# The other end is 192.0.2.1 (XG_PEER), where netdata must run. Needs a backend with
# a control ring and more than one queue: two CPUs here, and there.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../net.sh"

ctrl_is() { [ "$(stat_of ctrl)" = "$1" ]; }
same() { [ "$(held)" = "$before" ]; }
# of KEY: that number of every queue there is now, in their order
of() {
	ethtool -S $dev | awk -v key="^rx_queue_[0-9]+_$1:" -v nr="$queues" \
		'$1 ~ key && nr-- > 0 { printf "%s ", $2 }'
}
total() { of "$1" | awk '{ for (i = 1; i <= NF; i++) n += $i; print n + 0 }'; }
# moved COMMAND...: which queues have received packets meanwhile: "y n ", in order
moved() {
	sleep 1		# what is on its way has come
	moved_before=$(of packets)
	"$@" >/dev/null 2>&1 || echo "failed: $*"
	echo "$moved_before$(of packets)" | awk '{
		for (i = 1; i <= NF / 2; i++)
			printf "%s ", ($(i + NF / 2) > $i ? "y" : "n")
	}'
}
streams() { netdata tcp "$peer" 1 "$1"; }
small() { netdata tcp "$peer" 0 "$1"; }
table() { ethtool -x $dev | sed -n 's/^  *[0-9]*: *//p' | tr -s ' ' '\n' | grep .; }
uses() { table | sort -nu | tr '\n' ' '; }
key() { ethtool -x $dev | sed -n '/^RSS hash key/{n;s/ *//g;p;}'; }
# only_queue N: "n y ", a y in that place only
only_queue() {
	awk -v n="$1" -v nr="$queues" 'BEGIN {
		for (i = 0; i < nr; i++)
			printf "%s ", (i == n ? "y" : "n")
	}'
}
all_queues() { only_queue -1 | tr n y; }
fields() { ethtool -n $dev rx-flow-hash "$1"; }
refused() { ! "$@" >/dev/null 2>&1; }

net_up
wait_for 30 net_there || skip_all "no connection"
queues=$(stat_of queues)
[ "$queues" -gt 1 ] || skip_all "one queue"
wait_for 20 ctrl_is ready || skip_all "no control ring"
wait_for 20 alive && wait_for 10 echoes ||
	skip_all "no netdata at $peer"
hash_is() { [ "$(stat_of hash)" = "$1" ]; }
cleanup "ethtool -X $dev default 2>/dev/null; ethtool -K $dev rxhash off"
plan 34
before=$(held)

# --- what is shown and set ------------------------------------------------------

is "no hash by default" "$(stat_of hash)" none
check "rxhash is switched on" ethtool -K $dev rxhash on
check "Toeplitz" wait_for 10 hash_is toeplitz
like "and ethtool says so" "$(ethtool -x $dev)" 'toeplitz: on'
is "the table has all queues" "$(uses)" "$(seq -s ' ' 0 $((queues - 1))) "
like "there is a key" "$(key)" '^([0-9a-f]{2}:){39}[0-9a-f]{2}$'
like "ports are in the hash of TCP" "$(fields tcp4)" 'src port'
like "and of TCP over IPv6" "$(fields tcp6)" 'src port'
like "addresses in UDP's" "$(fields udp4)" 'IP SA'
new=$(seq -s : 10 49)
check "another key is taken" ethtool -X $dev hkey "$new"
is "and read back" "$(key)" "$new"
check "a table with a queue that is not there is refused" \
	refused ethtool -X $dev equal $((queues + 1))
check "another function is refused" refused ethtool -X $dev hfunc xor

# --- what the backend does ------------------------------------------------------

check "all to queue 0" ethtool -X $dev equal 1
is "the table says so" "$(uses)" "0 "
is "and the packets come there only" "$(moved streams 8)" "$(only_queue 0)"
last=$((queues - 1))
check "all to queue $last" ethtool -X $dev weight $(only_queue $last | tr ny 01)
is "the packets come there only" "$(moved streams 8)" "$(only_queue $last)"
check "to all in turn" ethtool -X $dev equal "$queues"
# By chance few streams may miss a queue: not as many as three times sixteen.
spread() { small 16 && small 16 && small 16; }
is "every queue has packets" "$(moved spread)" "$(all_queues)"

hashed=$(total hashed)
streams 2 >/dev/null 2>&1
is "packets come with their hash" "$(($(total hashed) > hashed))" 1
ethtool -K $dev rxhash off
hashed=$(total hashed)
streams 2 >/dev/null 2>&1
is "and without with rxhash off" "$(total hashed)" "$hashed"
ethtool -K $dev rxhash on
check "rxhash on again" wait_for 10 hash_is toeplitz

# Everything changes under traffic, and no byte is lost.
netdata tcp "$peer" 8 4 >/tmp/hash.$$ 2>&1 &
job=$!
changed=0
for i in 1 2 3 4 5 6 7 8 9 10; do
	ethtool -X $dev equal $((i % queues + 1)) hkey "$(seq -s : $((i + 9)) $((i + 48)))" &&
		changed=$((changed + 1))
done
is "ten keys and tables under traffic" $changed 10
wait $job
is "and the streams are as they should be" $? 0
rm -f /tmp/hash.$$

# --- from one connection to the next --------------------------------------------

ethtool -X $dev equal 1 hkey "$new"
made() { [ "$(stat_of queues) $(stat_of live)" = "$1 1" ]; }
check "one queue is asked for" ethtool -L $dev combined 1
check "and there" wait_for 10 made 1
is "without a control ring" "$(stat_of ctrl) $(stat_of hash)" "none none"
check "packets pass" wait_for 5 alive
ethtool -L $dev combined "$queues"
wait_for 10 made "$queues"
check "with $queues queues there is one again" wait_for 10 hash_is toeplitz
is "key and table are as they were" "$(key) $(uses)" "$new 0 "
check "no grant or port is leaked" wait_for 5 same
ethtool -X $dev default
is "by default the table has all queues" "$(uses)" \
	"$(seq -s ' ' 0 $((queues - 1))) "
is "no packet was wrong, no queue is poisoned" \
	"$(total errors) $(stat_of poisoned)" "0 0"
