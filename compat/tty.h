/* SPDX-License-Identifier: GPL-2.0-only */
/* The tty layer across kernel versions: what its operations count in. */
#ifndef XG_COMPAT_TTY_H
#define XG_COMPAT_TTY_H

#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/version.h>

/* What tty_operations.write() is given and returns; since 6.6 as write(2) does. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define xg_tty_count_t int
#define xg_tty_written_t int
#else
#define xg_tty_count_t size_t
#define xg_tty_written_t ssize_t
#endif

#endif /* XG_COMPAT_TTY_H */
