// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The peer of a host program; at first it rests. */
#include <stddef.h>

void (*xg_peer)(void *arg);
void *xg_peer_arg;
