/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory mappings; each call is one hypercall.
 */
#include "runtime.h"

#include <hcall.h>
#include <stdarg.h>
#include <sys/mman.h>

void *
mmap(void *address, size_t length, int protection, int flags, int fd,
    off_t offset)
{
	return (void *)guest_result(hc_mmap(
	    (long)address, (long)length, protection, flags, fd, offset));
}

int
munmap(void *address, size_t length)
{
	return (int)guest_result(hc_munmap((long)address, (long)length));
}

int
mprotect(void *address, size_t length, int protection)
{
	return (int)guest_result(
	    hc_mprotect((long)address, (long)length, protection));
}

void *
mremap(void *old, size_t old_length, size_t new_length, int flags, ...)
{
	long where = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & MREMAP_FIXED)
		where = (long)va_arg(ap, void *);
	va_end(ap);
	return (void *)guest_result(hc_mremap(
	    (long)old, (long)old_length, (long)new_length, flags, where));
}

int
madvise(void *address, size_t length, int advice)
{
	return (int)guest_result(
	    hc_madvise((long)address, (long)length, advice));
}

int
mincore(void *address, size_t length, unsigned char *resident)
{
	return (int)guest_result(
	    hc_mincore((long)address, (long)length, (long)resident));
}

int
msync(void *address, size_t length, int flags)
{
	return (int)guest_result(hc_msync((long)address, (long)length, flags));
}

int
mlock(const void *address, size_t length)
{
	return (int)guest_result(hc_mlock((long)address, (long)length));
}

int
munlock(const void *address, size_t length)
{
	return (int)guest_result(hc_munlock((long)address, (long)length));
}

int
memfd_create(const char *name, unsigned flags)
{
	return (int)guest_result(hc_memfd_create((long)name, flags));
}
