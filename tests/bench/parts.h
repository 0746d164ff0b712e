/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the bench, each of a few figures.  Only a part knows what it
 * measures; main() only calls it.
 */
#ifndef PARTS_H
#define PARTS_H

void look_at_start(void);
void count_faults(void);
void look_at_memory(void);
void time_start(void);
void time_image(void);

void count_hypercall(void);
void time_hypercall(void);
void time_filter(void);
void time_other(void);

void count_step(void);
void count_watch(void);
void time_step(void);
void time_hits(void);
void time_breaks(void);
void time_registers(void);
void time_dumps(void);

void count_echo(void);
void time_echoes(void);
void count_reads(void);
void time_reads(void);
void time_map(void);
void count_pairs(void);
void time_pairs(void);

void time_compute(void);
void time_hello(void);
void count_syscalls(void);
void time_syscalls(void);
void count_hops(void);
void time_hops(void);
void time_touch(void);
void time_sha256(void);
void time_lua(void);
void time_sqlite(void);

void count_record(void);
void time_record(void);
void time_back(void);
void time_copies(void);

#endif
