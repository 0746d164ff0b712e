/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory mappings.  A page is writable or executable, never both.
 */
#ifndef SYS_MMAN_H
#define SYS_MMAN_H

#include <sys/types.h>

#define PROT_NONE  0
#define PROT_READ  1
#define PROT_WRITE 2
#define PROT_EXEC  4

#define MAP_SHARED	    0x01
#define MAP_PRIVATE	    0x02
#define MAP_FIXED	    0x10
#define MAP_ANONYMOUS	    0x20
#define MAP_32BIT	    0x40
#define MAP_NORESERVE	    0x4000
#define MAP_POPULATE	    0x8000
#define MAP_STACK	    0x20000
#define MAP_FIXED_NOREPLACE 0x100000

#define MAP_FAILED ((void *)-1)

#define MREMAP_MAYMOVE 1
#define MREMAP_FIXED   2

#define MADV_NORMAL	0
#define MADV_RANDOM	1
#define MADV_SEQUENTIAL 2
#define MADV_WILLNEED	3
#define MADV_DONTNEED	4
#define MADV_FREE	8
#define MADV_HUGEPAGE	14
#define MADV_NOHUGEPAGE 15

#define MFD_CLOEXEC	  1U
#define MFD_ALLOW_SEALING 2U
#define MFD_NOEXEC_SEAL	  8U
#define MFD_EXEC	  16U

#define MS_ASYNC      1
#define MS_INVALIDATE 2
#define MS_SYNC	      4

void *mmap(void *address, size_t length, int protection, int flags, int fd,
    off_t offset);
int munmap(void *address, size_t length);
int mprotect(void *address, size_t length, int protection);
/* With MREMAP_FIXED the new address follows. */
void *mremap(void *old, size_t old_length, size_t new_length, int flags, ...);

/* A file without a name. */
int memfd_create(const char *name, unsigned flags);

int madvise(void *address, size_t length, int advice);
/* Each page has a byte: its lowest bit is set if the page is in memory. */
int mincore(void *address, size_t length, unsigned char *resident);
int msync(void *address, size_t length, int flags);
int mlock(const void *address, size_t length);
int munlock(const void *address, size_t length);

#endif
