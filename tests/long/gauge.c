/* SPDX-License-Identifier: BSD-2-Clause */
#include "gauge.h"
#include "endure.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned
count_files(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	/* "." and "..", and the folder itself if it is ours. */
	return n < 3 ? 0 : n - 2 - (pid == getpid());
}

void
gauge_take(struct gauge *gauge, pid_t pid)
{
	char path[64], line[256];
	FILE *f;

	*gauge = (struct gauge){ 0 };
	gauge->fds = count_files(pid);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "VmRSS: %lu", &gauge->rss_kb);
		(void)sscanf(line, "VmHWM: %lu", &gauge->peak_kb);
		(void)sscanf(line, "Threads: %u", &gauge->threads);
	}
	if (f)
		fclose(f);
}

bool
gauge_report(const char *what, const struct gauge gauge[GAUGES])
{
	const struct gauge *a = &gauge[GAUGE_BEGIN], *b = &gauge[GAUGE_HALF],
			   *c = &gauge[GAUGE_END];
	bool grown = c->rss_kb > b->rss_kb + RSS_GROWTH_KB || c->fds > b->fds ||
		     c->threads > b->threads || !c->rss_kb;

	printf("%s: at begin, half and end: RSS %lu %lu %lu kB, peak %lu %lu"
	       " %lu kB, descriptors %u %u %u, threads %u %u %u%s\n",
	    what, a->rss_kb, b->rss_kb, c->rss_kb, a->peak_kb, b->peak_kb,
	    c->peak_kb, a->fds, b->fds, c->fds, a->threads, b->threads,
	    c->threads, grown ? ": GROWN" : "");
	return !grown;
}

/* The parent and the state of a process; false if it is gone. */
static bool
read_stat(const char *pid, pid_t *parent, char *state)
{
	char path[300], text[512];
	const char *after;
	size_t n = 0;
	FILE *f;
	int ppid;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "r");
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	/* The name in parentheses may contain anything. */
	after = strrchr(text, ')');
	if (!after || sscanf(after, ") %c %d", state, &ppid) != 2)
		return false;
	*parent = ppid;
	return true;
}

/* Count the children of a process, and find the first. */
static unsigned
look_for_children(pid_t of, pid_t *first, unsigned *zombies)
{
	const struct dirent *e;
	unsigned n = 0;
	pid_t parent;
	char state;
	DIR *dir = opendir("/proc");

	*zombies = 0;
	*first = 0;
	while (dir && (e = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)e->d_name[0]) ||
		    !read_stat(e->d_name, &parent, &state) || parent != of)
			continue;
		n++;
		*zombies += state == 'Z';
		if (!*first)
			*first = atoi(e->d_name);
	}
	if (dir)
		closedir(dir);
	return n;
}

unsigned
gauge_children(unsigned *zombies)
{
	pid_t first;

	return look_for_children(getpid(), &first, zombies);
}

pid_t
gauge_child_of(pid_t pid)
{
	unsigned zombies;
	pid_t first;

	look_for_children(pid, &first, &zombies);
	return first;
}

void
gauge_show(pid_t pid, const char *why)
{
	char command[1024];

	fflush(stdout);
	snprintf(command, sizeof(command),
	    "exec >endure-%d.log 2>&1; echo '%s'; cat /proc/%d/status;"
	    " for t in /proc/%d/task/*; do echo \"$t\"; cat $t/stat"
	    " $t/wchan $t/syscall; echo; done; timeout 60 gdb -nx -batch -p %d"
	    " -ex 'set pagination off' -ex 'thread apply all bt full'"
	    " -ex 'print session' -ex 'print outside::machine->debug'"
	    " -ex 'print *machine'",
	    (int)pid, why, (int)pid, (int)pid, (int)pid);
	if (system(command) != 0)
		printf("no state of process %d could be written\n", (int)pid);
	printf("endure-%d.log: %s\n", (int)pid, why);
	fflush(stdout);
}
