// SPDX-License-Identifier: GPL-2.0-only
/*
 * The few calls of Xen that a loader has use for, through the hypercall page: Xen
 * itself knows which instruction it has to be. Called from 32-bit code, so
 * structures are those of 32-bit guests.
 */
#include "machine.h"

#define LEAF_FIRST	0x40000000u
#define LEAF_LAST	0x40010000u
#define LEAF_STEP	0x100u

#define MEMORY_OP	12
#define SCHED_OP	29
#define EVENT_OP	32
#define HVM_OP		34

#define MEMORY_MAP	9		/* XENMEM_memory_map */
#define SHUTDOWN	2		/* SCHEDOP_shutdown */
#define SHUTDOWN_CRASH	3
#define EVENT_SEND	4		/* EVTCHNOP_send */
#define GET_PARAM	1		/* HVMOP_get_param */
#define CONSOLE_PFN	17
#define CONSOLE_EVTCHN	18
#define DOMID_SELF	0x7ff0

struct memory_map {
	u32 nr;
	u32 entries;
};

struct e820_entry {
	u64 at;
	u64 len;
	u32 type;
};

struct hvm_param {
	u16 domain;
	u16 pad;
	u32 index;
	u64 value;
};

/* <xen/interface/io/console.h>; another domain's, too, is what is in it. */
struct console {
	char in[1024];
	char out[2048];
	u32 in_cons, in_prod;
	u32 out_cons, out_prod;
};

_Static_assert(sizeof(struct e820_entry) == 20, "Xen's e820 entry");
_Static_assert(sizeof(struct hvm_param) == 16, "Xen's HVM parameter");
_Static_assert(offsetof(struct console, out_prod) == 3084, "Xen's console");

static _Alignas(XG_PAGE) u8 page[XG_PAGE];
static bool there;
static struct console *console;
static u32 console_port;

static int hypercall(u32 nr, u32 arg1, const void *arg2)
{
	u32 at = (u32)(unsigned long)page + nr * 32;
	u32 arg = (u32)(unsigned long)arg2;
	int ret;

	asm volatile("call *%[at]"
		     : "=a" (ret), "+b" (arg1), "+c" (arg)
		     : [at] "D" (at) : "edx", "memory");
	return ret;
}

static void cpuid(u32 leaf, u32 *a, u32 sign[3])
{
	asm volatile("cpuid"
		     : "=a" (*a), "=b" (sign[0]), "=c" (sign[1]), "=d" (sign[2])
		     : "a" (leaf), "c" (0));
}

static void wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c" (msr), "A" (value) : "memory");
}

static u64 param(u32 index)
{
	struct hvm_param param = { DOMID_SELF, 0, index, 0 };

	return hypercall(HVM_OP, GET_PARAM, &param) ? 0 : param.value;
}

static void find_console(void)
{
	u64 frame = param(CONSOLE_PFN);

	console_port = param(CONSOLE_EVTCHN);
	if (frame && frame < XG_4G / XG_PAGE)
		console = address(frame * XG_PAGE);
}

/* Find Xen among the hypervisors that CPUID names, and what it has for us. */
void xg_xen_init(void)
{
	u32 leaf, last, sign[3];

	for (leaf = LEAF_FIRST; leaf < LEAF_LAST; leaf += LEAF_STEP) {
		cpuid(leaf, &last, sign);
		if (!memcmp(sign, "XenVMMXenVMM", 12) && last >= leaf + 2)
			break;
	}
	if (leaf == LEAF_LAST)
		return;
	cpuid(leaf + 2, &last, sign);
	if (!last)			/* no hypercall page */
		return;
	wrmsr(sign[0], (unsigned long)page);
	there = true;
	find_console();
}

/* What has no room is lost. */
void xg_xen_say(const char *text, unsigned int len)
{
	const u32 size = sizeof(console->out);
	u32 prod;

	if (!console)
		return;
	for (prod = console->out_prod; len; len--) {
		if (prod - console->out_cons >= size)
			break;
		console->out[prod++ & (size - 1)] = *text++;
	}
	asm volatile("" : : : "memory");
	console->out_prod = prod;
	hypercall(EVENT_OP, EVENT_SEND, &console_port);
}

void xg_xen_crash(void)
{
	static const u32 reason = SHUTDOWN_CRASH;

	if (there)
		hypercall(SCHED_OP, SHUTDOWN, &reason);
}

const char *xg_xen_map(struct xg_map *map)
{
	static struct e820_entry entries[XG_MAP_MAX];
	struct memory_map request = {
		XG_MAP_MAX, (u32)(unsigned long)entries
	};
	const char *wrong = NULL;
	u32 i;

	if (!there)
		return "start info: no memory map, and no Xen to ask for one";
	if (hypercall(MEMORY_OP, MEMORY_MAP, &request) || request.nr > XG_MAP_MAX)
		return "Xen does not tell the memory map";
	for (i = 0; i < request.nr && !wrong; i++)
		wrong = xg_map_add(map, entries[i].at, entries[i].len,
				   entries[i].type);
	return wrong;
}
