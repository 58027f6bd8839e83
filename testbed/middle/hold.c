// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds a VM with one vCPU that never runs, until it is killed.
 *
 * KVM switches code on and off by patching it (static keys), whenever the first
 * or last vCPU has its APIC off, as after a reset: each time a guest's CPU goes
 * or comes. Software emulation may run the breakpoint of such a patch once more
 * after its end, on another CPU, and the middle kernel dies of it. This vCPU is
 * always there and its APIC is always off, so nothing is patched any more.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
	struct kvm_enable_cap split = {
		.cap = KVM_CAP_SPLIT_IRQCHIP,
		.args = { 24 },
	};
	struct kvm_xen_hvm_config xen = {
		.flags = KVM_XEN_HVM_CONFIG_INTERCEPT_HCALL,
		.msr = 0x40000000,
	};
	int kvm = open("/dev/kvm", O_RDWR);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);

	if (vm < 0)
		err(1, "KVM_CREATE_VM");
	if (ioctl(vm, KVM_ENABLE_CAP, &split))
		err(1, "KVM_CAP_SPLIT_IRQCHIP");
	if (ioctl(vm, KVM_XEN_HVM_CONFIG, &xen))
		err(1, "KVM_XEN_HVM_CONFIG");
	if (ioctl(vm, KVM_CREATE_VCPU, 0) < 0)
		err(1, "KVM_CREATE_VCPU");
	pause();
	return 0;
}
