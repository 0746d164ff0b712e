/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Declarations that the runtime's own files share.  Guests do not include it:
 * their headers are in include/.
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * start.S calls this function: `sp` is the stack pointer of the process start,
 * argc below argv below the environment below the auxiliary vector.
 */
_Noreturn void guest_start(unsigned long *sp);

/*
 * The destination of formatted text.  write() takes each piece in turn; count
 * is the number of bytes written so far, printf's result.
 */
struct sink {
	void (*write)(struct sink *sink, const char *bytes, size_t n);
	size_t count;
};

/*
 * Format into `sink` as C11 7.21.6.1 says, without floating point, wide
 * characters and %n.  Returns the number of bytes, or -1 with errno set.
 */
int format(struct sink *sink, const char *fmt, va_list ap);

/* The POSIX result of a hypercall: -1 with errno set on error. */
long guest_result(long r);

/* The address of a function of the vDSO, or NULL. */
void *guest_vdso(const char *name);

/* The compiler's stack protector refers to these names. */
extern uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

#endif
