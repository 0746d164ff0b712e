/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions about a terminal.
 */
#ifndef SYS_IOCTL_H
#define SYS_IOCTL_H

#define TCGETS	   0x5401
#define TIOCGWINSZ 0x5413

struct winsize {
	unsigned short ws_row;
	unsigned short ws_col;
	unsigned short ws_xpixel;
	unsigned short ws_ypixel;
};

int ioctl(int fd, unsigned long request, ...);

#endif
