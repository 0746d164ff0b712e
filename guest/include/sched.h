/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling: let others run.
 */
#ifndef SCHED_H
#define SCHED_H

int sched_yield(void);

#endif
