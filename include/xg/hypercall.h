/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is this Xen, which Xen, and how to call it.
 *
 * Every call returns Xen's own result: 0 or more, or -errno (Xen's numbers are
 * Linux's). Any context unless said otherwise. Argument structures are the
 * ABI's, from <xen/interface/...>; Xen reads and writes them by virtual address.
 */
#ifndef XG_HYPERCALL_H
#define XG_HYPERCALL_H

#include <linux/bits.h>
#include <linux/types.h>
#include <asm/apic.h>
#include <xen/interface/xen.h>

/* sizeof(struct xen_extraversion) */
#define XG_XEN_EXTRA_MAX 16

/**
 * struct xg_xen - the hypervisor as its CPUID leaves and XENVER calls tell it
 * @cpuid_base: first of Xen's leaves, 0x40000000 + n * 0x100
 * @major: of the version
 * @minor: of the version
 * @extra: what follows in "major.minor.extra", e.g. ".3-pre"
 * @hypercall_msr: writing a page's address here fills it with hypercall stubs
 * @features: XENVER_get_features submap 0 (xen/interface/features.h)
 * @apic_virt: APIC register accesses cause no exit (leaf base + 4, EAX bit 0)
 * @x2apic_virt: x2APIC accesses cause no exit (leaf base + 4, EAX bit 1)
 * @by_page: calls go through the hypercall page rather than inline
 */
struct xg_xen {
	u32 cpuid_base;
	u16 major;
	u16 minor;
	char extra[XG_XEN_EXTRA_MAX];
	u32 hypercall_msr;
	u32 features;
	bool apic_virt;
	bool x2apic_virt;
	bool by_page;
};

/* The one description of the hypervisor; valid while the module is loaded. */
const struct xg_xen *xg_xen(void);

/* Has Xen the feature @nr (XENFEAT_*)? */
static inline bool xg_xen_has(unsigned int nr)
{
	return xg_xen()->features & BIT(nr);
}

/* Does the processor itself do what the APIC is asked, in the mode it is in? */
static inline bool xg_apic_is_free(void)
{
	return x2apic_enabled() ? xg_xen()->x2apic_virt : xg_xen()->apic_virt;
}

/* Xen's number of the vCPU that runs as Linux CPU @cpu; valid once it is online. */
u32 xg_vcpu_id(unsigned int cpu);
/* The same for one that may not have run yet. */
u32 xg_vcpu_id_expected(unsigned int cpu);
/* The same for the CPU this runs on, from its first hotplug callback on. */
u32 xg_vcpu_id_here(void);

int xg_event_channel_op(int cmd, void *arg);
int xg_grant_table_op(unsigned int cmd, void *arg, unsigned int count);
int xg_memory_op(unsigned int cmd, void *arg);
int xg_hvm_op(unsigned int cmd, void *arg);
int xg_vcpu_op(int cmd, u32 vcpu_id, void *arg);
int xg_sched_op(int cmd, void *arg);
int xg_xen_version(int cmd, void *arg);
int xg_physdev_op(int cmd, void *arg);
int xg_multicall(struct multicall_entry *calls, unsigned int count);

/* HVM parameters of this domain, HVM_PARAM_* of xen/interface/hvm/params.h. */
int xg_hvm_param_get(u32 index, u64 *value);
int xg_hvm_param_set(u32 index, u64 value);

struct resource;

/* Address space in which nothing is, for pages of Xen's or other domains'. */
struct resource *xg_space_request(resource_size_t size, const char *name);
void xg_space_release(struct resource *res);

struct dentry;

/* debugfs directory "xg", for every layer's files; NULL-safe, never an error. */
struct dentry *xg_debugfs_root(void);

#endif /* XG_HYPERCALL_H */
