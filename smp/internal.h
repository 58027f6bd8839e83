/* SPDX-License-Identifier: GPL-2.0-only */
/* What smp/'s two halves offer main.c; process context. */
#ifndef XG_SMP_INTERNAL_H
#define XG_SMP_INTERNAL_H

/* hotplug.c: CPUs as the toolstack wants them */
int xg_hotplug_init(void);
void xg_hotplug_exit(void);
void xg_hotplug_start(void);
void xg_hotplug_stop(void);

/* ipi.c: interrupts from CPU to CPU; init: is the parameter good? */
int xg_ipi_init(void);
void xg_ipi_start(void);
void xg_ipi_stop(void);

#endif /* XG_SMP_INTERNAL_H */
