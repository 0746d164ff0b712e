/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals that are read from a descriptor.
 */
#ifndef SYS_SIGNALFD_H
#define SYS_SIGNALFD_H

#include <signal.h>

#define SFD_NONBLOCK 04000
#define SFD_CLOEXEC  02000000

struct signalfd_siginfo {
	unsigned ssi_signo;
	int ssi_errno;
	int ssi_code;
	unsigned ssi_pid;
	unsigned ssi_uid;
	int ssi_fd;
	unsigned ssi_tid;
	unsigned ssi_band;
	unsigned ssi_overrun;
	unsigned ssi_trapno;
	int ssi_status;
	int ssi_int;
	unsigned long ssi_ptr;
	unsigned long ssi_utime;
	unsigned long ssi_stime;
	unsigned long ssi_addr;
	unsigned short ssi_addr_lsb;
	unsigned char ssi_padding[46];
};

/* Make a descriptor, if `fd` is -1, or change the signals of one. */
int signalfd(int fd, const sigset_t *mask, int flags);

#endif
