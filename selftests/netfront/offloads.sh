#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 1500
#: tools ethtool iperf3
# TCP and UDP to and from the other end, IPv4 and IPv6, MTU 1500 and 9000, with
# each offload on and off, where the backend has them (KVM's has none): everything
# arrives, and no checksum is wrong. An iperf3 server must be there, at its IPv6
# address, too, as beside the guests of testbed/suite.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../net.sh"
mib=16
if real_xen; then
	net6=2001:db8::
	peer6=${XG_PEER6:-${net6}1}
	offloads="tx rx sg tso gso gro"
	mtus="1500 9000"
else
	net6=fec0::
	peer6=${XG_PEER6:-${net6}2}
	offloads=gro
	mtus=1500
fi
said=/tmp/iperf.$$
cleanup "rm -f $said"

net_up
echo 0 >/proc/sys/net/ipv6/conf/$dev/accept_dad
ip address add ${net6}f/64 dev $dev
wait_for 20 alive || skip_all "nobody answers at $peer"
iperf() {
	timeout 60 iperf3 -J -i 0 "$@" >$said 2>&1
}
wait_for 10 iperf -c "$peer" -n 1k || skip_all "no iperf3 at $peer"
plan $((4 + $(echo "$mtus" | wc -w) * (1 + $(echo "$offloads" | wc -w))))

# value SECTION KEY: a number of iperf3's sum at the end
value() {
	awk -v section="\"$1\":" -v key="\"$2\":" '
		$1 == section { inside = 1 }
		inside && $1 == key { print $2 + 0; found = 1; exit }
		END { exit !found }' $said
}

# complain WHAT: one flow of the state under test was bad
complain() {
	bad="$bad $1: $(grep -m 1 '"error"' $said || tail -n 3 $said | tr -s '\n\t' ' ')"
}

# A server stops counting when its client is done, with much on its way still.
tcp() {
	iperf "$@" -n ${mib}M &&
		[ "$(value sum_received bytes)" -ge $((mib << 17)) ] ||
		complain "tcp $*"
}

# Datagrams may be lost, a tenth of them.
most_arrive() {
	iperf "$@" -u -b 10M -t 1 -l $((mtu - 100)) &&
		[ "$(value sum packets)" -gt 50 ] &&
		[ $(($(value sum lost_packets) * 10)) -le "$(value sum packets)" ]
}

# A machine that was busy with something else for a while is asked again.
udp() {
	most_arrive "$@" || most_arrive "$@" ||
		complain "udp $*: $(value sum lost_packets) of $(value sum packets) lost"
}

bad=
# flows WHAT: all of them; one result, with what was wrong before
flows() {
	for to in "$peer" "$peer6"; do
		tcp -c "$to"
		tcp -c "$to" -R
		udp -c "$to"
		udp -c "$to" -R
	done
	is "MTU $mtu, $1" "$bad" ""
	bad=
}

# Of all kinds together
wrong_checksums() {
	awk '/^(Tcp|Udp|Ip):/ {
		if ($1 in head) {
			split(head[$1], name)
			for (i = 2; i <= NF; i++)
				if (name[i] ~ /InCsumErrors|InHdrErrors/)
					n += $i
		} else {
			head[$1] = $0
		}
	}
	/^Udp6InCsumErrors|^Ip6InHdrErrors/ { n += $2 }
	END { print n + 0 }' /proc/net/snmp /proc/net/snmp6
}

# set_offload OFFLOAD on|off, and see that it is
set_offload() {
	case $1 in
	tx) name=tx-checksumming ;;
	rx) name=rx-checksumming ;;
	sg) name=scatter-gather ;;
	tso) name=tcp-segmentation-offload ;;
	gso) name=generic-segmentation-offload ;;
	gro) name=generic-receive-offload ;;
	esac
	ethtool -K $dev $1 $2 >/dev/null 2>&1
	ethtool -k $dev | grep -q "^$name: $2" || bad="$bad $1 is not $2"
}
all_on() {
	for each in $offloads; do
		set_offload $each on
	done
}
cleanup "ip link set $dev mtu 1500; all_on"

before=$(wrong_checksums)
for mtu in $mtus; do
	ip link set $dev mtu $mtu
	[ "$(cat /sys/class/net/$dev/mtu)" = $mtu ] || bad=" the MTU is another"
	all_on
	flows "all offloads on"
	for offload in $offloads; do
		set_offload $offload off
		flows "$offload off"
		all_on
	done
done
is "no checksum was wrong" "$(wrong_checksums)" "$before"
is "no packet was in error" "$(sum tx errors) $(sum rx errors)" "0 0"
is "no queue is poisoned" "$(stat_of poisoned)" 0
is "no page is left with the backend" "$(counter grant deferred)" 0
diag "$(ethtool -S $dev | grep -E 'packets|bytes' | grep -v ': 0$')"
