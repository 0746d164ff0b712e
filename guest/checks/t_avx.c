/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests AVX and AVX2, if the processor has them and XCR0 enables them (Intel
 * SDM vol. 1, 14.3), against results worked out by hand.
 */
#include <hcall.h>
#include <stdint.h>
#include <string.h>
#include <tap.h>

#define CPUID_1_ECX_OSXSAVE (1U << 27)
#define CPUID_1_ECX_AVX	    (1U << 28)
#define CPUID_7_EBX_AVX2    (1U << 5)
#define XCR0_SSE_AVX	    6U

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static struct cpuid
cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static uint32_t
xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

static void
test_avx(void)
{
	const float a[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	const float b[8] = { 8, 7, 6, 5, 4, 3, 2, 1 };
	const float want[8] = { 8, 14, 18, 20, 20, 18, 14, 8 };
	float got[8];

	__asm__ volatile("vmovups %1, %%ymm0\n\t"
			 "vmulps %2, %%ymm0, %%ymm0\n\t"
			 "vmovups %%ymm0, %0\n\t"
			 "vzeroupper"
			 : "=m"(got)
			 : "m"(a), "m"(b)
			 : "xmm0");
	ok(memcmp(got, want, sizeof(got)) == 0,
	    "VMULPS multiplies eight floats");
}

static void
test_avx2(void)
{
	const int32_t a[8] = { 1, 2, 3, 4, -5, -6, -7, INT32_MIN };
	const int32_t b[8] = { 1, 1, 1, 1, 1, 1, 1, -1 };
	const int32_t want[8] = { 2, 3, 4, 5, -4, -5, -6, INT32_MAX };
	int32_t got[8];

	__asm__ volatile("vmovdqu %1, %%ymm0\n\t"
			 "vpaddd %2, %%ymm0, %%ymm0\n\t"
			 "vmovdqu %%ymm0, %0\n\t"
			 "vzeroupper"
			 : "=m"(got)
			 : "m"(a), "m"(b)
			 : "xmm0");
	ok(memcmp(got, want, sizeof(got)) == 0,
	    "VPADDD adds eight 32-bit integers");
}

static void
test_kept(void)
{
	const uint64_t want[4] = { 0x1111111111111111, 0x2222222222222222,
		0x3333333333333333, 0x4444444444444444 };
	uint64_t got[4];
	long result = HC_getpid;

	__asm__ volatile("vmovups %[want], %%ymm15\n\t" HCALL_GATE
			 "\n\tvmovups %%ymm15, %[got]\n\tvzeroupper"
			 : "+a"(result), [got] "=m"(got)
			 : [want] "m"(want), HCALL_PORT
			 : "xmm15", HCALL_CLOBBERS);
	ok(memcmp(got, want, sizeof(got)) == 0,
	    "both halves of a YMM register survive a hypercall");
}

int
main(void)
{
	const uint32_t shown = cpuid(1, 0).ecx;

	if (!(shown & CPUID_1_ECX_AVX))
		skip_all("the processor has no AVX");
	if (!(shown & CPUID_1_ECX_OSXSAVE))
		skip_all("KVM shows AVX, and has no XSAVE for guests");
	if ((xcr0() & XCR0_SSE_AVX) != XCR0_SSE_AVX)
		skip_all("XCR0 does not let AVX be used");
	test_avx();
	if (cpuid(0, 0).eax >= 7 && (cpuid(7, 0).ebx & CPUID_7_EBX_AVX2) != 0)
		test_avx2();
	else
		skip("the processor has none", "AVX2 adds");
	test_kept();
	return tap_done();
}
