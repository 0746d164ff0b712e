/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory that the instruction at which a vCPU rests is about to touch.  It
 * must not know why that matters.
 */
#ifndef OPERAND_H
#define OPERAND_H

#include "image/insn.h"
#include "vm/machine.h"

/*
 * Write the accesses of the instruction's operands into `access`
 * (OPERAND_ACCESSES); how many.  -EINVAL if the instruction cannot be decoded,
 * or its operands do not bound what it touches; another -errno if the vCPU's
 * registers cannot be read.
 */
#define OPERAND_ACCESSES 2
int operand_accesses(struct vcpu *vcpu, struct breaks_access *access);

/* Read `n` bytes of code at `address`, without breakpoints: how many there
 * are. */
size_t operand_code(
    const struct vcpu *vcpu, uint64_t address, uint8_t *code, size_t n);

/*
 * The first byte that the instruction needs and that cannot be read: of its
 * code, or in the first two pages of an operand.  0 if there is none, or its
 * operands are not known.
 */
uint64_t operand_missing(struct vcpu *vcpu);

/* The user's registers, of which addresses are made.  0 or -errno. */
int operand_registers(struct vcpu *vcpu, struct insn_registers *regs);

#endif
