/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's memory and load, in units of mem_unit bytes.
 */
#ifndef SYS_SYSINFO_H
#define SYS_SYSINFO_H

struct sysinfo {
	long uptime;
	unsigned long loads[3];
	unsigned long totalram;
	unsigned long freeram;
	unsigned long sharedram;
	unsigned long bufferram;
	unsigned long totalswap;
	unsigned long freeswap;
	unsigned short procs;
	unsigned short pad;
	unsigned long totalhigh;
	unsigned long freehigh;
	unsigned mem_unit;
};

int sysinfo(struct sysinfo *info);

#endif
