// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/hypervisor: which Xen this is, file by file as Linux has always shown it
 * (Documentation/ABI/stable/sysfs-hypervisor-xen). Each read asks Xen.
 */
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/uuid.h>
#include <xen/interface/xen.h>
#include <xen/interface/version.h>
#include <xg/hypercall.h>
#include <xg/store.h>
#include "internal.h"

#define BUILD_ID_MAX	64	/* bytes; an SHA-1 has 20 */

static struct kobject *hypervisor;

#define ATTR(_name)							\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf);	\
static struct kobj_attribute _name##_attr = __ATTR_RO(_name)

/* --- what it is --------------------------------------------------------- */

ATTR(type);
static ssize_t type_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "xen\n");
}

/* A kernel whose own Xen code sleeps cannot be booted otherwise. */
ATTR(guest_type);
static ssize_t guest_type_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "HVM\n");
}

/* The store's "vm" is "/vm/UUID". */
static ssize_t uuid_by_store(char *buf)
{
	const char *uuid;
	ssize_t len;
	char *vm;

	vm = xg_store_read(XG_STORE_NONE, "vm", "", NULL);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	uuid = strrchr(vm, '/');
	uuid = uuid ? uuid + 1 : vm;
	len = uuid_is_valid(uuid) ?
	      sysfs_emit(buf, "%.*s\n", UUID_STRING_LEN, uuid) : -EIO;
	kfree(vm);
	return len;
}

ATTR(uuid);
static ssize_t uuid_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *buf)
{
	xen_domain_handle_t uuid;

	if (xg_xen_version(XENVER_guest_handle, &uuid))
		return uuid_by_store(buf);
	return sysfs_emit(buf, "%pU\n", &uuid);
}

static struct attribute *plain_attrs[] = {
	&type_attr.attr, &guest_type_attr.attr, &uuid_attr.attr, NULL
};

static const struct attribute_group plain = { .attrs = plain_attrs };

/* --- version/ ----------------------------------------------------------- */

ATTR(major);
static ssize_t major_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", xg_xen()->major);
}

ATTR(minor);
static ssize_t minor_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", xg_xen()->minor);
}

ATTR(extra);
static ssize_t extra_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n", xg_xen()->extra);
}

static struct attribute *version_attrs[] = {
	&major_attr.attr, &minor_attr.attr, &extra_attr.attr, NULL
};

static const struct attribute_group version = {
	.name = "version",
	.attrs = version_attrs,
};

/* --- compilation/ ------------------------------------------------------- */

/* @text: Xen's, which need not end with a NUL */
static ssize_t show_text(char *buf, const char *text, size_t size)
{
	return sysfs_emit(buf, "%.*s\n", (int)strnlen(text, size), text);
}

static ssize_t compile_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf);
static struct kobj_attribute compiler_attr =
	__ATTR(compiler, 0444, compile_show, NULL);
static struct kobj_attribute compiled_by_attr =
	__ATTR(compiled_by, 0444, compile_show, NULL);
static struct kobj_attribute compile_date_attr =
	__ATTR(compile_date, 0444, compile_show, NULL);

static ssize_t compile_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	struct xen_compile_info info = {};
	int err = xg_xen_version(XENVER_compile_info, &info);

	if (err)
		return err;
	if (attr == &compiler_attr)
		return show_text(buf, info.compiler, sizeof(info.compiler));
	if (attr == &compiled_by_attr)
		return show_text(buf, info.compile_by,
				 sizeof(info.compile_by));
	return show_text(buf, info.compile_date, sizeof(info.compile_date));
}

static struct attribute *compilation_attrs[] = {
	&compiler_attr.attr, &compiled_by_attr.attr, &compile_date_attr.attr,
	NULL
};

static const struct attribute_group compilation = {
	.name = "compilation",
	.attrs = compilation_attrs,
};

/* --- properties/ -------------------------------------------------------- */

ATTR(capabilities);
static ssize_t capabilities_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	struct xen_capabilities_info *info;
	ssize_t ret;

	/* Too large for the stack */
	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	ret = xg_xen_version(XENVER_capabilities, info) ?:
	      show_text(buf, info->info, sizeof(info->info));
	kfree(info);
	return ret;
}

ATTR(changeset);
static ssize_t changeset_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	struct xen_changeset_info info = {};
	int err = xg_xen_version(XENVER_changeset, &info);

	return err ?: show_text(buf, info.info, sizeof(info.info));
}

ATTR(virtual_start);
static ssize_t virtual_start_show(struct kobject *kobj,
				  struct kobj_attribute *attr, char *buf)
{
	struct xen_platform_parameters info = {};
	int err = xg_xen_version(XENVER_platform_parameters, &info);

	return err ?: sysfs_emit(buf, "%lx\n", (unsigned long)info.virt_start);
}

ATTR(pagesize);
static ssize_t pagesize_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	int size = xg_xen_version(XENVER_pagesize, NULL);

	return size < 0 ? size : sysfs_emit(buf, "%x\n", size);
}

ATTR(features);
static ssize_t features_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%08x\n", xg_xen()->features);
}

ATTR(buildid);
static ssize_t buildid_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	struct {
		struct xen_build_id id;
		u8 bytes[BUILD_ID_MAX];
	} q = { .id.len = BUILD_ID_MAX };
	int len = xg_xen_version(XENVER_build_id, &q);

	if (len == -EPERM)
		return sysfs_emit(buf, "<denied>\n");
	if (len < 0)
		return len;
	return sysfs_emit(buf, "%*phN\n", min(len, BUILD_ID_MAX), q.id.buf);
}

static struct attribute *properties_attrs[] = {
	&capabilities_attr.attr, &changeset_attr.attr, &virtual_start_attr.attr,
	&pagesize_attr.attr, &features_attr.attr, &buildid_attr.attr, NULL
};

static const struct attribute_group properties = {
	.name = "properties",
	.attrs = properties_attrs,
};

static const struct attribute_group *groups[] = {
	&plain, &version, &compilation, &properties, NULL
};

/* --- the directory: the kernel's, where it has one ---------------------- */

static void put_directory(void)
{
	if (!IS_ENABLED(CONFIG_SYS_HYPERVISOR))
		kobject_put(hypervisor);
}

int xg_sysfs_init(void)
{
	int err;

	hypervisor = IS_ENABLED(CONFIG_SYS_HYPERVISOR) ? hypervisor_kobj :
		     kobject_create_and_add("hypervisor", NULL);
	if (!hypervisor)
		return -ENOMEM;
	err = sysfs_create_groups(hypervisor, groups);
	if (err)
		put_directory();
	return err;
}

void xg_sysfs_exit(void)
{
	sysfs_remove_groups(hypervisor, groups);
	put_directory();
}
