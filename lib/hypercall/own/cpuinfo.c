/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /proc/cpuinfo from the guest's CPUID (Intel SDM vol. 2, CPUID; AMD APM vol.
 * 3, appendix E), in Linux's format.  Nothing here may know the source of
 * CPUID.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/own/own.h"
#include "hypercall/task/task.h"

#include <inttypes.h>
#include <string.h>

enum {
	EAX,
	EBX,
	ECX,
	EDX,
};

/* The names of a register's bits from 0 on, "" for bits without one. */
static const struct {
	uint32_t function, index;
	unsigned reg;
	char names[32][20];
} words[] = {
	{ 0x00000001, 0, EDX,
	    { "fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8",
		"apic", "", "sep", "mtrr", "pge", "mca", "cmov", "pat", "pse36",
		"pn", "clflush", "", "dts", "acpi", "mmx", "fxsr", "sse",
		"sse2", "ss", "ht", "tm", "ia64", "pbe" } },
	{ 0x80000001, 0, EDX,
	    { [11] = "syscall",
		[19] = "mp",
		[20] = "nx",
		[22] = "mmxext",
		[25] = "fxsr_opt",
		[26] = "pdpe1gb",
		[27] = "rdtscp",
		[29] = "lm",
		[30] = "3dnowext",
		[31] = "3dnow" } },
	{ 0x00000001, 0, ECX,
	    { "pni", "pclmulqdq", "dtes64", "monitor", "ds_cpl", "vmx", "smx",
		"est", "tm2", "ssse3", "cid", "sdbg", "fma", "cx16", "xtpr",
		"pdcm", "", "pcid", "dca", "sse4_1", "sse4_2", "x2apic",
		"movbe", "popcnt", "tsc_deadline_timer", "aes", "xsave", "",
		"avx", "f16c", "rdrand", "hypervisor" } },
	{ 0x80000001, 0, ECX,
	    { "lahf_lm", "cmp_legacy", "svm", "extapic", "cr8_legacy", "abm",
		"sse4a", "misalignsse", "3dnowprefetch", "osvw", "ibs", "xop",
		"skinit", "wdt", "", "lwp", "fma4", "tce", "", "nodeid_msr", "",
		"tbm", "topoext", "perfctr_core", "perfctr_nb", "", "bpext",
		"ptsc", "perfctr_llc", "mwaitx" } },
	{ 0x00000007, 0, EBX,
	    { "fsgsbase", "tsc_adjust", "sgx", "bmi1", "hle", "avx2", "",
		"smep", "bmi2", "erms", "invpcid", "rtm", "cqm", "", "mpx",
		"rdt_a", "avx512f", "avx512dq", "rdseed", "adx", "smap",
		"avx512ifma", "", "clflushopt", "clwb", "intel_pt", "avx512pf",
		"avx512er", "avx512cd", "sha_ni", "avx512bw", "avx512vl" } },
	{ 0x0000000d, 1, EAX, { "xsaveopt", "xsavec", "xgetbv1", "xsaves" } },
	{ 0x80000008, 0, EBX,
	    { "clzero", "irperf",
		"xsaveerptr", [4] = "rdpru", [9] = "wbnoinvd" } },
	{ 0x00000007, 0, ECX,
	    { [1] = "avx512vbmi",
		[2] = "umip",
		[3] = "pku",
		[4] = "ospke",
		[5] = "waitpkg",
		[6] = "avx512_vbmi2",
		[8] = "gfni",
		[9] = "vaes",
		[10] = "vpclmulqdq",
		[11] = "avx512_vnni",
		[12] = "avx512_bitalg",
		[13] = "tme",
		[14] = "avx512_vpopcntdq",
		[16] = "la57",
		[22] = "rdpid",
		[25] = "cldemote",
		[27] = "movdiri",
		[28] = "movdir64b" } },
	{ 0x00000007, 0, EDX,
	    { [2] = "avx512_4vnniw",
		[3] = "avx512_4fmaps",
		[4] = "fsrm",
		[8] = "avx512_vp2intersect",
		[10] = "md_clear",
		[14] = "serialize",
		[16] = "tsxldtrk",
		[22] = "amx_bf16",
		[23] = "avx512_fp16",
		[24] = "amx_tile",
		[25] = "amx_int8",
		[28] = "flush_l1d",
		[29] = "arch_capabilities" } },
	{ 0x00000007, 1, EAX, { [4] = "avx_vnni", [5] = "avx512_bf16" } },
};

/* The registers of leaf `function`, or zeros without a CPUID. */
static void
ask(const struct hc_call *call, uint32_t function, uint32_t index,
    uint32_t reg[4])
{
	memset(reg, 0, 4 * sizeof(reg[0]));
	if (call->guest->world.cpuid)
		call->guest->world.cpuid(call->guest, function, index, reg);
}

static void
put_flags(struct hc_text *text)
{
	uint32_t reg[4];
	unsigned bit;
	size_t i;

	hc_text_put(text, "flags\t\t:");
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		ask(text->call, words[i].function, words[i].index, reg);
		for (bit = 0; bit < 32; bit++) {
			const char *name = words[i].names[bit];

			if ((reg[words[i].reg] >> bit & 1) && *name)
				hc_text_put(text, " %s", name);
		}
	}
	hc_text_put(text, "\n");
}

/* A text from CPUID: its printable part without surrounding spaces, or `or` if
 * that is empty. */
static void
put_cpuid_text(struct hc_text *text, char *name, size_t len, const char * or)
{
	size_t i;

	name[len] = '\0';
	for (i = 0; name[i]; i++)
		if (name[i] < ' ' || name[i] > '~')
			name[i] = '?';
	while (i > 0 && name[i - 1] == ' ')
		name[--i] = '\0';
	name += strspn(name, " ");
	hc_text_put(text, "%s\n", *name ? name : or);
}

static void
put_vendor(struct hc_text *text)
{
	uint32_t reg[4];
	char name[13];

	ask(text->call, 0, 0, reg);
	memcpy(name, &reg[EBX], 4);
	memcpy(name + 4, &reg[EDX], 4);
	memcpy(name + 8, &reg[ECX], 4);
	hc_text_put(text, "vendor_id\t: ");
	put_cpuid_text(text, name, 12, "unknown");
}

static void
put_model(struct hc_text *text)
{
	uint32_t reg[4];
	char name[49];
	unsigned i;

	for (i = 0; i < 3; i++) {
		ask(text->call, 0x80000002 + i, 0, reg);
		memcpy(name + 16 * i, reg, 16);
	}
	hc_text_put(text, "model name\t: ");
	/* Not every KVM reports it. */
	put_cpuid_text(text, name, 48, "x86-64 processor");
}

/* Family, model and stepping, with their extended parts. */
static void
put_signature(struct hc_text *text)
{
	uint32_t reg[4], family, model;

	ask(text->call, 1, 0, reg);
	family = reg[EAX] >> 8 & 0xf;
	model = reg[EAX] >> 4 & 0xf;
	if (family == 0xf || family == 6)
		model |= (reg[EAX] >> 16 & 0xf) << 4;
	if (family == 0xf)
		family += reg[EAX] >> 20 & 0xff;
	put_vendor(text);
	hc_text_put(text, "cpu family\t: %u\nmodel\t\t: %u\n", family, model);
	put_model(text);
	hc_text_put(text, "stepping\t: %u\n", reg[EAX] & 0xf);
}

static void
put_cpu(struct hc_text *text, unsigned i, unsigned n)
{
	uint32_t reg[4], level, line;

	ask(text->call, 0, 0, reg);
	level = reg[EAX];
	ask(text->call, 1, 0, reg);
	line = (reg[EBX] >> 8 & 0xff) * 8;
	hc_text_put(text, "processor\t: %u\n", i);
	put_signature(text);
	hc_text_put(text,
	    "physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\n"
	    "cpu cores\t: %u\napicid\t\t: %u\ninitial apicid\t: %u\n",
	    n, i, n, i, i);
	hc_text_put(text,
	    "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\n"
	    "wp\t\t: yes\n",
	    level);
	put_flags(text);
	ask(text->call, 0x80000008, 0, reg);
	hc_text_put(text,
	    "bugs\t\t:\nclflush size\t: %u\ncache_alignment\t: %u\n"
	    "address sizes\t: %u bits physical, %u bits virtual\n\n",
	    line, line, reg[EAX] & 0xff, reg[EAX] >> 8 & 0xff);
}

void
hc_own_cpuinfo(struct hc_text *text)
{
	int64_t n = hc_count_cpus(text->call->guest);
	int64_t i;

	for (i = 0; i == 0 || i < n; i++)
		put_cpu(text, (unsigned)i, n > 0 ? (unsigned)n : 1);
}
