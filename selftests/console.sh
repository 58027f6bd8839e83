# SPDX-License-Identifier: GPL-2.0-only
# For tests of consoles with somebody at the other end: source it after ktap.sh. That
# is testbed/suite.d/console.host.
. "$XG_TESTS/toolstack.sh"
need xg-console
[ -c /dev/hvc0 ] || skip_all "the host gives this domain no console"
files=/tmp/console.$$
cleanup "rm -f $files.*"

# stat_of N KEY
stat_of() { counter "console/hvc$1" "$2"; }
sum_of() { md5sum <"$1" | cut -d' ' -f1; }

# host_has N BYTES: it has been told that much; host_sum N SUM: and it is that
host_has() { toolstack size "$1" && [ "$answer" -ge "$2" ]; }
host_sum() { toolstack sum "$1" && [ "$answer" = "$2" ]; }
heard() { toolstack heard "$@"; }

# raw FD: bytes as they are; the tty stays so until its last close
raw() { stty raw -echo <&"$1"; }
