/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seals of files in memory: constants that older headers lack
 * (include/uapi/linux/fcntl.h and memfd.h).  Only lib/hypercall includes this.
 */
#ifndef HC_SEAL_H
#define HC_SEAL_H

#include <fcntl.h>
#include <sys/mman.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS   1033
#define F_GET_SEALS   1034
#define F_SEAL_SEAL   0x01
#define F_SEAL_SHRINK 0x02
#define F_SEAL_GROW   0x04
#define F_SEAL_WRITE  0x08
#endif
#ifndef F_SEAL_FUTURE_WRITE /* Linux 5.1 */
#define F_SEAL_FUTURE_WRITE 0x10
#endif
#ifndef F_SEAL_EXEC /* Linux 6.3, with the two below */
#define F_SEAL_EXEC 0x20
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x08U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

#endif
