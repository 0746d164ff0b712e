/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests SSE and SSE2 arithmetic against results worked out by hand.  The
 * operands are volatile, so that the processor and not the compiler computes.
 */
#include <hcall.h>
#include <stdint.h>
#include <string.h>
#include <tap.h>

typedef int32_t int32x4 __attribute__((vector_size(16)));
typedef int16_t int16x8 __attribute__((vector_size(16)));
typedef float float32x4 __attribute__((vector_size(16)));
typedef double float64x2 __attribute__((vector_size(16)));

static uint64_t
bits(double value)
{
	uint64_t result;

	memcpy(&result, &value, sizeof(result));
	return result;
}

static void
test_scalar(void)
{
	volatile double one = 1, three = 3, tenth = 0.1, fifth = 0.2, two = 2;
	volatile double big = 0x1p53;
	volatile long negative = -7;
	double root;

	same((long)bits(one / three), 0x3fd5555555555555,
	    "1/3 is rounded as IEEE 754 says");
	same((long)bits(tenth + fifth), 0x3fd3333333333334,
	    "0.1 + 0.2 is the double that everybody knows");
	__asm__("sqrtsd %1, %0" : "=x"(root) : "x"(two));
	same((long)bits(root), 0x3ff6a09e667f3bcd, "the square root of 2");
	ok(big + one == big, "2^53 + 1 rounds to even");
	same((long)(double)negative, -7, "integers go to double and back");
	same((long)((double)negative / two), -3, "conversion cuts towards 0");
}

static void
test_packed(void)
{
	volatile int32x4 a = { 1, -2, INT32_MAX, 4 };
	volatile int32x4 b = { 10, 20, 0, 40 };
	volatile int16x8 c = { 1, 2, 3, 4, 5, 6, 7, -8 };
	volatile float32x4 f = { 1, 2, 3, 4 };
	volatile float64x2 d = { 1.5, -2.5 };
	int32x4 sum = a + b, greater = a > b;
	int16x8 product = c * c;
	float32x4 square = f * f - f;
	float64x2 quotient = d / d;

	ok(sum[0] == 11 && sum[1] == 18 && sum[2] == INT32_MAX && sum[3] == 44,
	    "PADDD adds four 32-bit integers");
	ok(greater[0] == 0 && greater[1] == 0 && greater[2] == -1 &&
		greater[3] == 0,
	    "PCMPGTD compares four 32-bit integers");
	ok(product[0] == 1 && product[6] == 49 && product[7] == 64,
	    "PMULLW multiplies eight 16-bit integers");
	ok(square[0] == 0 && square[1] == 2 && square[2] == 6 &&
		square[3] == 12,
	    "MULPS and SUBPS compute with four floats");
	ok(quotient[0] == 1 && quotient[1] == 1, "DIVPD divides two doubles");
}

/* The value stays in the register across the exit, and only there. */
static void
test_kept(void)
{
	const uint64_t want[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };
	uint64_t got[2];
	long result = HC_getpid;

	__asm__ volatile("movups %[want], %%xmm7\n\t" HCALL_GATE
			 "\n\tmovups %%xmm7, %[got]"
			 : "+a"(result), [got] "=m"(got)
			 : [want] "m"(want), HCALL_PORT
			 : "xmm7", HCALL_CLOBBERS);
	ok(memcmp(got, want, sizeof(got)) == 0,
	    "an XMM register survives a hypercall");
}

static void
test_mxcsr(void)
{
	const uint32_t down = 0x3f80, nearest = 0x1f80;
	volatile double one = 1, three = 3;
	double low;

	__asm__ volatile("ldmxcsr %0" : : "m"(down));
	hc_getpid();
	low = -one / three;
	__asm__ volatile("ldmxcsr %1" : "+x"(low) : "m"(nearest));
	same((long)bits(low), (long)0xbfd5555555555556,
	    "rounding down survives a hypercall");
}

int
main(void)
{
	test_scalar();
	test_packed();
	test_kept();
	test_mxcsr();
	return tap_done();
}
