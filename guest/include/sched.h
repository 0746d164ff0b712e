/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling: lets other threads run.
 */
#ifndef SCHED_H
#define SCHED_H

int sched_yield(void);

#endif
