/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory in a trace line, written by its type.  It must not know calls.
 */
#ifndef HC_SHOW_H
#define HC_SHOW_H

#include "hypercall/trace/line.h"

#include <signal.h>
#include <sys/socket.h>

#define SHOWN_PARTS 32  /* of a vector or an array, as by default in strace */
#define SHOWN_PATH  256 /* bytes of a file name */

/* A line, and the memory that it shows. */
struct hc_show {
	struct hc_line *line;
	const struct gmem *mem;
	bool output;   /* show the result of a call, not its input */
	size_t most;   /* bytes of a buffer; below HC_TRACE_MOST */
	uint64_t left; /* bytes of a vector that the call has used */
};

/* Memory that cannot be read is shown as its address. */
void show_buffer(const struct hc_show *show, uint64_t va, uint64_t len);
void show_string(const struct hc_show *show, uint64_t va, size_t most);
void show_vector(struct hc_show *show, uint64_t va, uint64_t count);
/* A value of the C type `type`, of `size` bytes. */
void
show_struct(struct hc_show *show, const char *type, size_t size, uint64_t va);
void show_array(struct hc_show *show, const char *type, size_t size,
    uint64_t va, uint64_t count);
void show_sockaddr(const struct hc_show *show, uint64_t va, uint64_t len);
void show_address(struct hc_line *line, const struct sockaddr *address);
/* The fields of a message, whose parts and control messages are in memory. */
void show_message(struct hc_show *show, const struct msghdr *message);
/* A buffer of `len` bytes of the C type `type`; if that is empty, any bytes. */
void show_bytes(
    const struct hc_show *show, const char *type, uint64_t va, uint64_t len);

/* The name of an option of a socket, and its value of `len` bytes. */
void show_option(struct hc_line *line, int level, int option);
void show_option_value(
    struct hc_show *show, int level, int option, uint64_t va, uint32_t len);

/* A value by its name; hc_names_signal names also "SIGRT_1", which is 33. */
void
show_enum(struct hc_line *line, const struct hc_name *names, uint64_t value);

/* A signal that takes effect, as strace shows it. */
void show_signal(struct hc_line *line, const siginfo_t *info);

/* Is a change of this type, a number, shown as [before => after]? */
bool show_joins(const char *type);

#endif
