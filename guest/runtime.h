/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the runtime's own files tell each other.  Guests do not include it:
 * their headers are in include/.
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where start.S goes: `sp` is the stack pointer of the process start, argc
 * below argv below the environment below the auxiliary vector.
 */
_Noreturn void guest_start(unsigned long *sp);

/*
 * Where formatted text goes.  write() takes each piece in turn; count is the
 * number of bytes written so far, which is printf's result.
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

/* The result of a hypercall as POSIX gives it: -1 with errno set on error. */
long guest_result(long r);

/* The compiler's stack protector knows these by name. */
extern uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

#endif
