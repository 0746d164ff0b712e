/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of sockets in trace lines, with control messages.  Nothing here may
 * know calls.
 */
#include "hypercall/trace/show.h"

#include "hypercall/core/names.h"

#include <inttypes.h>
#include <string.h>

/* Control messages beyond these bytes are not shown. */
#define SHOWN_CONTROL 512

#define CONTROL_HEAD CMSG_LEN(0)

static const struct hc_name set_control[] = {
	NAME(SCM_RIGHTS),
	NAME(SCM_CREDENTIALS),
	NAMES_END,
};

static void
put_rights(struct hc_line *line, const uint8_t *data, size_t len)
{
	size_t i;
	int fd;

	line_put(line, "[");
	for (i = 0; i + sizeof(fd) <= len; i += sizeof(fd)) {
		memcpy(&fd, data + i, sizeof(fd));
		line_put(line, "%s%d", i ? ", " : "", fd);
	}
	line_put(line, "]");
}

static void
put_credentials(struct hc_line *line, const uint8_t *data)
{
	struct ucred who;

	memcpy(&who, data, sizeof(who));
	line_put(line, "{pid=%d, uid=%u, gid=%u}", who.pid, who.uid, who.gid);
}

static void
put_control(struct hc_line *line, const struct cmsghdr *head,
    const uint8_t *data, size_t len)
{
	const bool sockets = head->cmsg_level == SOL_SOCKET;

	line_put(line, "{cmsg_len=%zu, cmsg_level=", (size_t)head->cmsg_len);
	line_enum(line, hc_names_level, (uint32_t)head->cmsg_level);
	line_put(line, ", cmsg_type=");
	if (sockets && head->cmsg_type <= SCM_CREDENTIALS)
		line_enum(line, set_control, (uint32_t)head->cmsg_type);
	else
		show_option(line, head->cmsg_level, head->cmsg_type);
	if (len > 0)
		line_put(line, ", cmsg_data=");
	if (sockets && head->cmsg_type == SCM_RIGHTS && len > 0)
		put_rights(line, data, len);
	else if (sockets && head->cmsg_type == SCM_CREDENTIALS &&
		 len == sizeof(struct ucred))
		put_credentials(line, data);
	else if (len > 0)
		line_text(line, data, len);
	line_put(line, "}");
}

/* Control messages of `len` bytes, up to the first that is malformed. */
static void
put_controls(const struct hc_show *show, uint64_t va, uint64_t len)
{
	const size_t most = len < SHOWN_CONTROL ? (size_t)len : SHOWN_CONTROL;
	uint8_t bytes[SHOWN_CONTROL];
	struct cmsghdr head;
	size_t at;

	if (most < CONTROL_HEAD || va == 0 ||
	    gmem_read(show->mem, bytes, va, most) < 0) {
		line_address(show->line, va);
		return;
	}
	line_put(show->line, "[");
	for (at = 0; most - at >= CONTROL_HEAD;) {
		memcpy(&head, bytes + at, sizeof(head));
		if (head.cmsg_len < CONTROL_HEAD || head.cmsg_len > most - at)
			break;
		line_put(show->line, at ? ", " : "");
		put_control(show->line, &head, bytes + at + CONTROL_HEAD,
		    head.cmsg_len - CONTROL_HEAD);
		at += CMSG_ALIGN(head.cmsg_len);
		if (at > most)
			at = most;
	}
	if (at < len)
		line_put(show->line, "%s...", at ? ", " : "");
	line_put(show->line, "]");
}

void
show_message(struct hc_show *show, const struct msghdr *m)
{
	line_put(show->line, "msg_name=");
	show_sockaddr(show, (uintptr_t)m->msg_name, m->msg_namelen);
	line_put(show->line, ", msg_namelen=%u, msg_iov=", m->msg_namelen);
	show_vector(show, (uintptr_t)m->msg_iov, (size_t)m->msg_iovlen);
	line_put(show->line, ", msg_iovlen=%zu", (size_t)m->msg_iovlen);
	if (m->msg_controllen) {
		line_put(show->line, ", msg_control=");
		put_controls(
		    show, (uintptr_t)m->msg_control, m->msg_controllen);
	}
	line_put(show->line,
	    ", msg_controllen=%zu, msg_flags=", (size_t)m->msg_controllen);
	line_flags(show->line, hc_names_msg, (uint32_t)m->msg_flags);
}
