/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A decoder of x86-64 machine code: how long an instruction is, where its
 * parts lie, where it branches to and which memory it touches.  Pure.  It
 * must not know mnemonics, page tables or who runs the code.
 *
 * 64-bit mode only.  Sources: Intel SDM vol. 2 (325383), AMD APM vol. 3
 * (24594) for XOP, FMA4, TBM and 3DNow!.  insn.def has the opcodes.
 *
 * The decoder never guesses.  An opcode without a row is INSN_UNKNOWN, and so
 * is an encoding whose length depends on the vendor (a near branch with 0x66
 * and without REX.W: Intel reads 4 bytes, AMD 2).  A decoded instruction may
 * still be undefined on a CPU: the decoder does not check LOCK, the CPU's
 * features, nor the reserved values of VEX.vvvv, of W and of the mask.
 */
#ifndef IMAGE_INSN_H
#define IMAGE_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSN_LENGTH_MAX 15 /* bytes, SDM vol. 2, 2.3.11 */
#define INSN_ACCESSES   2  /* movs, cmps, push mem, enter, movdir64b */

enum insn_status {
	INSN_OK,
	INSN_SHORT,   /* the bytes end before the instruction does */
	INSN_UNKNOWN, /* not an instruction, or not one of insn.def */
};

enum insn_encoding {
	INSN_LEGACY,
	INSN_VEX2, /* c5 */
	INSN_VEX3, /* c4 */
	INSN_EVEX, /* 62 */
	INSN_XOP,  /* 8f, map 8 and above */
};

/* Opcode maps, numbered as VEX, EVEX and XOP number them. */
enum insn_map {
	INSN_MAP_ONE,      /* one byte */
	INSN_MAP_0F,       /* 0f */
	INSN_MAP_0F38,     /* 0f 38 */
	INSN_MAP_0F3A,     /* 0f 3a */
	INSN_MAP_3DNOW,    /* 0f 0f: the opcode is the last byte */
	INSN_MAP_EVEX5,    /* AVX512-FP16 */
	INSN_MAP_EVEX6,    /* the same */
	INSN_MAP_XOP8 = 8, /* with an immediate byte */
	INSN_MAP_XOP9,     /* without */
	INSN_MAP_XOPA,     /* with an immediate of 4 bytes */
	INSN_MAPS,
};

/* The prefixes that are present, effective or not. */
enum insn_prefix {
	INSN_OPSIZE = 1 << 0, /* 66 */
	INSN_ADDR32 = 1 << 1, /* 67 */
	INSN_LOCK = 1 << 2,   /* f0 */
	INSN_REPNE = 1 << 3,  /* f2 */
	INSN_REP = 1 << 4,    /* f3 */
	INSN_REX = 1 << 5,
};

/* Where control goes, or why a VMM must look at the instruction. */
enum insn_kind {
	INSN_PLAIN,
	INSN_JCC,           /* relative, conditional: jcc, jrcxz, loop */
	INSN_JMP,           /* relative */
	INSN_CALL,          /* relative */
	INSN_JMP_INDIRECT,  /* to a register or a memory operand */
	INSN_CALL_INDIRECT, /* the same */
	INSN_FAR,           /* far jmp, far call */
	INSN_RET,           /* near */
	INSN_RET_FAR,       /* retf, iret, sysret, sysexit, uiret */
	INSN_SYSCALL,       /* syscall, sysenter */
	INSN_INT,           /* int n, int3, int1 */
	INSN_UNDEFINED,     /* ud0, ud1, ud2 */
	INSN_HLT,
	INSN_IO,     /* in, out, ins, outs */
	INSN_PUSHF,  /* stores the flags on the stack */
	INSN_POPF,   /* loads them */
	INSN_XBEGIN, /* relative: where an abort continues */
};

enum insn_register {
	INSN_RAX,
	INSN_RCX,
	INSN_RDX,
	INSN_RBX,
	INSN_RSP,
	INSN_RBP,
	INSN_RSI,
	INSN_RDI,
	INSN_GPRS = 16, /* 8 to 15: r8 to r15 */
	INSN_RIP = 16,  /* the end of the instruction */
	INSN_NO_REGISTER,
};

enum insn_segment {
	INSN_FLAT,
	INSN_FS,
	INSN_GS,
};

enum insn_access_flag {
	INSN_READ = 1 << 0,
	INSN_WRITE = 1 << 1,
	/* It may also touch memory outside [address, address + size): gather,
	 * scatter, xsave, AMX tiles. */
	INSN_OPEN_ENDED = 1 << 2,
	/* A mask may leave parts of it untouched. */
	INSN_MASKED = 1 << 3,
	/* Only AL of the index counts: xlat. */
	INSN_INDEX_AL = 1 << 4,
	/* The address is rounded down to its size: clzero. */
	INSN_ALIGNED = 1 << 5,
	/* One round of a string instruction: none when RCX is 0 and there is a
	 * repeat prefix. */
	INSN_STRING = 1 << 6,
	/* Addressed by the stack pointer, as wide as RSP whatever 67 says. */
	INSN_STACK = 1 << 7,
};

/* Memory that the instruction touches, in terms of registers. */
struct insn_access {
	uint8_t flags;       /* enum insn_access_flag */
	uint8_t base, index; /* enum insn_register */
	uint8_t scale;       /* the index is shifted left by it, 0 to 3 */
	uint8_t segment;     /* enum insn_segment */
	uint8_t bit;         /* bt and others: the register of the bit offset */
	uint32_t size;       /* bytes; with INSN_OPEN_ENDED: at least these */
	int64_t disp;        /* as it counts: of EVEX, disp8 is scaled */
};

/* Offsets are from the first byte; an offset of a part of size 0 is 0. */
struct insn {
	uint8_t length;   /* 1 to INSN_LENGTH_MAX */
	uint8_t prefixes; /* enum insn_prefix */
	uint8_t segment;  /* enum insn_segment */
	uint8_t encoding; /* enum insn_encoding */
	uint8_t map;      /* enum insn_map */
	uint8_t opcode;
	uint8_t opcode_at;
	uint8_t rex; /* bits 3 to 0: W, R, X, B, by whichever prefix */
	uint8_t pp;  /* the mandatory prefix: 0 none, 1 66, 2 f3, 3 f2 */
	uint8_t vl;  /* bytes of a vector: 16, 32 or 64 */
	bool has_modrm, has_sib, broadcast;
	uint8_t modrm, modrm_at, sib, sib_at;
	uint8_t disp_at, disp_size; /* bytes: 0, 1 or 4 */
	uint8_t imm_at, imm_size;   /* bytes; 3 for enter, 8 for moffs */
	uint8_t operand_size;       /* bytes of a general operand: 2, 4 or 8 */
	int64_t imm;                /* sign-extended */
	enum insn_kind kind;
	bool rip_relative;
	unsigned accesses;
	struct insn_access access[INSN_ACCESSES];
};

/* The registers that addresses are made of, before the instruction runs. */
struct insn_registers {
	uint64_t gpr[INSN_GPRS]; /* by enum insn_register */
	uint64_t rip;            /* of its first byte */
	uint64_t fs_base, gs_base;
};

/*
 * Decode the instruction that begins at bytes[0] of `size` bytes, and look at
 * INSN_LENGTH_MAX of them at most.  Unless INSN_OK, *insn is zero.
 */
enum insn_status
insn_decode(struct insn *insn, const uint8_t *bytes, size_t size);

/*
 * The address of the first byte that the access touches; of a repeated string
 * instruction, in the round that comes next.
 */
uint64_t insn_address(const struct insn *insn, const struct insn_access *access,
    const struct insn_registers *regs);

/* The bytes touched from that address on: 0 if none will be. */
uint64_t insn_extent(const struct insn *insn, const struct insn_access *access,
    const struct insn_registers *regs);

/* True for a relative branch, which leads to *target. */
bool insn_target(const struct insn *insn, uint64_t rip, uint64_t *target);

/* Does it repeat, or may it: a string instruction? */
bool insn_is_string(const struct insn *insn);

/* Does a single step of it end at the instruction that comes next?  What
 * changes the stack's segment or the trap flag, or leaves user mode, may hide
 * that. */
bool insn_is_stepped(const struct insn *insn);

/* Does an INSN_JCC branch, with these flags and this RCX?  *rcx becomes the
 * value after it: loop and its kind count. */
bool insn_branches(const struct insn *insn, uint64_t rflags, uint64_t *rcx);

#endif
