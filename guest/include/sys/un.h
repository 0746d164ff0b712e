/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket addresses that are file names.
 */
#ifndef SYS_UN_H
#define SYS_UN_H

#include <sys/socket.h>

struct sockaddr_un {
	sa_family_t sun_family;
	char sun_path[108];
};

#endif
