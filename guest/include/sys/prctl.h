/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The base addresses of FS and GS, by Linux's arch_prctl; numbers for prctl.
 */
#ifndef SYS_PRCTL_H
#define SYS_PRCTL_H

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

#define PR_SET_PDEATHSIG    1
#define PR_GET_PDEATHSIG    2
#define PR_SET_TIMERSLACK  29
#define PR_GET_TIMERSLACK  30
#define PR_SET_THP_DISABLE 41
#define PR_GET_THP_DISABLE 42

int arch_prctl(int code, unsigned long address);

#endif
