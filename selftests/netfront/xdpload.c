// SPDX-License-Identifier: GPL-2.0-only
/*
 * xdpload: give an interface's driver an XDP program, or take it away.
 *
 *   xdpload DEVICE off
 *   xdpload DEVICE pass|drop|aborted
 *   xdpload DEVICE tx		IPv4 goes back, to the sender's address; the rest passes
 *   xdpload DEVICE headroom	all passes, if 200 bytes can be put before it
 *   xdpload DEVICE redirect TARGET	all goes to another interface
 *
 * In driver mode, never the stack's own; it stays when this program has ended.
 * Prints why where it is refused, and ends with 1.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HEADROOM	200
#define IPV4_LE		0x0008	/* 08 00 as a little-endian load finds it */

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- programs ------------------------------------------------------------------ */

static struct bpf_insn program[32];
static unsigned int length;

static void emit(int code, int dst, int src, int off, int imm)
{
	program[length++] = (struct bpf_insn) {
		.code = code, .dst_reg = dst, .src_reg = src, .off = off,
		.imm = imm,
	};
}

static void set(int dst, int value)
{
	emit(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value);
}

static void copy(int dst, int src)
{
	emit(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void load(int size, int dst, int src, int off)
{
	emit(BPF_LDX | BPF_MEM | size, dst, src, off, 0);
}

static void store(int size, int dst, int off, int src)
{
	emit(BPF_STX | BPF_MEM | size, dst, src, off, 0);
}

static void call(int function)
{
	emit(BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

/* Over the next @skip instructions, unless register @reg has @value. */
static void unless(int reg, int value, int skip)
{
	emit(BPF_JMP | BPF_JNE | BPF_K, reg, 0, skip, value);
}

static void end(void)
{
	emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void say(int verdict)
{
	set(BPF_REG_0, verdict);
	end();
}

static void make_tx(void)
{
	load(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data));
	load(BPF_W, BPF_REG_3, BPF_REG_1, offsetof(struct xdp_md, data_end));
	copy(BPF_REG_4, BPF_REG_2);
	emit(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_4, 0, 0, 14);
	emit(BPF_JMP | BPF_JGT | BPF_X, BPF_REG_4, BPF_REG_3, 12, 0);
	load(BPF_H, BPF_REG_5, BPF_REG_2, 12);
	unless(BPF_REG_5, IPV4_LE, 10);
	load(BPF_W, BPF_REG_5, BPF_REG_2, 0);
	load(BPF_H, BPF_REG_6, BPF_REG_2, 4);
	load(BPF_W, BPF_REG_7, BPF_REG_2, 6);
	load(BPF_H, BPF_REG_8, BPF_REG_2, 10);
	store(BPF_W, BPF_REG_2, 0, BPF_REG_7);
	store(BPF_H, BPF_REG_2, 4, BPF_REG_8);
	store(BPF_W, BPF_REG_2, 6, BPF_REG_5);
	store(BPF_H, BPF_REG_2, 10, BPF_REG_6);
	say(XDP_TX);
	say(XDP_PASS);
}

static void make_headroom(void)
{
	copy(BPF_REG_6, BPF_REG_1);
	set(BPF_REG_2, -HEADROOM);
	call(BPF_FUNC_xdp_adjust_head);
	unless(BPF_REG_0, 0, 6);
	copy(BPF_REG_1, BPF_REG_6);
	set(BPF_REG_2, HEADROOM);
	call(BPF_FUNC_xdp_adjust_head);
	unless(BPF_REG_0, 0, 2);
	say(XDP_PASS);
	say(XDP_ABORTED);
}

static void make_redirect(const char *target)
{
	int index = if_nametoindex(target);

	if (!index)
		die(target);
	set(BPF_REG_1, index);
	set(BPF_REG_2, 0);
	call(BPF_FUNC_redirect);
	end();
}

/* 0: there is no such program. */
static int make(const char *name, const char *target)
{
	if (target && !strcmp(name, "redirect"))
		make_redirect(target);
	else if (target)
		return 0;
	else if (!strcmp(name, "pass"))
		say(XDP_PASS);
	else if (!strcmp(name, "drop"))
		say(XDP_DROP);
	else if (!strcmp(name, "aborted"))
		say(XDP_ABORTED);
	else if (!strcmp(name, "tx"))
		make_tx();
	else if (!strcmp(name, "headroom"))
		make_headroom();
	else
		return 0;
	return 1;
}

static int load_program(void)
{
	static char log[8192];
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (unsigned long)program;
	attr.insn_cnt = length;
	attr.license = (unsigned long)"GPL";
	attr.log_buf = (unsigned long)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0) {
		fputs(log, stdout);
		die("BPF_PROG_LOAD");
	}
	return fd;
}

/* --- rtnetlink ----------------------------------------------------------------- */

struct request {
	struct nlmsghdr head;
	struct ifinfomsg info;
	struct nlattr xdp;
	struct nlattr fd_head;
	int fd;
	struct nlattr flags_head;
	unsigned int flags;
};

/* What the driver says behind the error, in words. */
static void show_reason(const struct nlmsghdr *head)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nlmsgerr));
	const char *bytes = (const char *)head;
	struct nlattr attr;

	while (at + sizeof(attr) <= head->nlmsg_len) {
		memcpy(&attr, bytes + at, sizeof(attr));
		if (attr.nla_len < sizeof(attr) ||
		    at + attr.nla_len > head->nlmsg_len)
			return;
		if (attr.nla_type == NLMSGERR_ATTR_MSG)
			printf("%.*s\n", (int)(attr.nla_len - sizeof(attr)),
			       bytes + at + sizeof(attr));
		at += NLA_ALIGN(attr.nla_len);
	}
}

static void attach(const char *device, int fd)
{
	struct request req = {
		.head = {
			.nlmsg_len = sizeof(req),
			.nlmsg_type = RTM_SETLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.info.ifi_index = if_nametoindex(device),
		.xdp = { sizeof(req) - offsetof(struct request, xdp),
			 IFLA_XDP | NLA_F_NESTED },
		.fd_head = { NLA_HDRLEN + 4, IFLA_XDP_FD },
		.fd = fd,
		.flags_head = { NLA_HDRLEN + 4, IFLA_XDP_FLAGS },
		.flags = XDP_FLAGS_DRV_MODE,
	};
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char more[1024];
	} answer;
	int one = 1;

	if (!req.info.ifi_index)
		die(device);
	setsockopt(s, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(s, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (send(s, &req, sizeof(req), 0) < 0)
		die("rtnetlink");
	if (recv(s, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_HDRLEN + 4 ||
	    answer.head.nlmsg_type != NLMSG_ERROR)
		die("rtnetlink's answer");
	if (!answer.err.error)
		return;
	show_reason(&answer.head);
	errno = -answer.err.error;
	die(device);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[2], "off")) {
		attach(argv[1], -1);
		return 0;
	}
	if (argc < 3 || argc > 4 || !make(argv[2], argv[3])) {
		fprintf(stderr, "usage: see the head of xdpload.c\n");
		return 1;
	}
	attach(argv[1], load_program());
	return 0;
}
