/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls from a guest: hypercall0() to hypercall6(), and hc_NAME() for each
 * row of lib/abi/hypercall.def.  They do not set errno: a result from -4095 to
 * -1 is -errno.  Pointers are passed as long.
 *
 * With HYPERCALL_BY_SYSCALL defined the gate is the `syscall` instruction, and
 * the guest is an ordinary Linux program that can be tested and compared
 * without a VMM.  ToroV's 499 exists only by OUT: its argument is in rcx, which
 * `syscall` overwrites.
 */
#ifndef HCALL_H
#define HCALL_H

#include <hypercall.h>

#ifdef HYPERCALL_BY_SYSCALL
#define HCALL_GATE     "syscall"
#define HCALL_CLOBBERS "rcx", "r11", "memory"
#else
#define HCALL_GATE     "outl %%eax, %[port]"
#define HCALL_CLOBBERS "memory"
#endif

#define HCALL_PORT [port] "i"(PORT_HYPERCALL)

static inline long
hypercall0(long number)
{
	long result;

	__asm__ volatile(HCALL_GATE
			 : "=a"(result)
			 : "a"(number), HCALL_PORT
			 : HCALL_CLOBBERS);
	return result;
}

static inline long
hypercall1(long number, long a)
{
	long result;

	__asm__ volatile(HCALL_GATE
			 : "=a"(result)
			 : "a"(number), "D"(a), HCALL_PORT
			 : HCALL_CLOBBERS);
	return result;
}

static inline long
hypercall2(long number, long a, long b)
{
	long result;

	__asm__ volatile(HCALL_GATE
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), HCALL_PORT
			 : HCALL_CLOBBERS);
	return result;
}

static inline long
hypercall3(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile(HCALL_GATE
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), HCALL_PORT
			 : HCALL_CLOBBERS);
	return result;
}

static inline long
hypercall4(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile(
	    HCALL_GATE
	    : "=a"(result)
	    : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), HCALL_PORT
	    : HCALL_CLOBBERS);
	return result;
}

static inline long
hypercall5(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result;

	__asm__ volatile(
	    HCALL_GATE
	    : "=a"(result)
	    : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), HCALL_PORT
	    : HCALL_CLOBBERS);
	return result;
}

static inline long
hypercall6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile(HCALL_GATE
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
			 "r"(r8), "r"(r9), HCALL_PORT
			 : HCALL_CLOBBERS);
	return result;
}

/*
 * A row becomes a stub by its number of arguments; the arguments themselves
 * are for the host.
 */
#define HCALL_STUB_0(name)                    \
	static inline long hc_##name(void)    \
	{                                     \
		return hypercall0(HC_##name); \
	}
#define HCALL_STUB_1(name)                       \
	static inline long hc_##name(long a)     \
	{                                        \
		return hypercall1(HC_##name, a); \
	}
#define HCALL_STUB_2(name)                           \
	static inline long hc_##name(long a, long b) \
	{                                            \
		return hypercall2(HC_##name, a, b);  \
	}
#define HCALL_STUB_3(name)                                   \
	static inline long hc_##name(long a, long b, long c) \
	{                                                    \
		return hypercall3(HC_##name, a, b, c);       \
	}
#define HCALL_STUB_4(name)                                           \
	static inline long hc_##name(long a, long b, long c, long d) \
	{                                                            \
		return hypercall4(HC_##name, a, b, c, d);            \
	}
#define HCALL_STUB_5(name)                                                   \
	static inline long hc_##name(long a, long b, long c, long d, long e) \
	{                                                                    \
		return hypercall5(HC_##name, a, b, c, d, e);                 \
	}
#define HCALL_STUB_6(name)                                      \
	static inline long hc_##name(                           \
	    long a, long b, long c, long d, long e, long f)     \
	{                                                       \
		return hypercall6(HC_##name, a, b, c, d, e, f); \
	}

/* Seven stands for ToroV's call: its only argument is in rcx, the last
 * register. */
#ifdef HYPERCALL_BY_SYSCALL
#define HCALL_STUB_7(name)
#else
#define HCALL_STUB_7(name)                                               \
	static inline long hc_##name(long text)                          \
	{                                                                \
		long result;                                             \
                                                                         \
		__asm__ volatile(HCALL_GATE                              \
				 : "=a"(result)                          \
				 : "a"(HC_##name), "c"(text), HCALL_PORT \
				 : HCALL_CLOBBERS);                      \
		return result;                                           \
	}
#endif

#define HYPERCALL(number, name, classes, needs, argc, ...) \
	HCALL_STUB_##argc(name)
#include <hypercall.def>
#undef HYPERCALL

#endif
