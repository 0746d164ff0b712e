/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket addresses in trace lines.  Nothing here may know calls.
 */
#include "hypercall/trace/show.h"

#include "hypercall/core/names.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/netlink.h>

#define FAMILY sizeof(sa_family_t)

static void
put_inet(struct hc_line *line, const struct sockaddr_in *in)
{
	char text[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	line_put(line, ", sin_port=htons(%u), sin_addr=inet_addr(\"%s\")",
	    ntohs(in->sin_port), text);
}

static void
put_inet6(struct hc_line *line, const struct sockaddr_in6 *in6)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	line_put(line,
	    ", sin6_port=htons(%u), sin6_flowinfo=htonl(%u),"
	    " inet_pton(AF_INET6, \"%s\", &sin6_addr), sin6_scope_id=%u",
	    ntohs(in6->sin6_port), ntohl(in6->sin6_flowinfo), text,
	    in6->sin6_scope_id);
}

/* A file name; or, after a zero byte, an abstract name, which `len` ends. */
static void
put_unix(struct hc_line *line, const struct sockaddr_un *un, size_t len)
{
	bool abstract = un->sun_path[0] == '\0';
	const char *path = un->sun_path + abstract;

	if (len > sizeof(un->sun_path))
		len = sizeof(un->sun_path);
	line_put(line, ", sun_path=%s", abstract ? "@" : "");
	line_text(line, path, abstract ? len - 1 : strnlen(path, len));
}

static void
put_netlink(struct hc_line *line, const struct sockaddr_nl *nl)
{
	line_put(
	    line, ", nl_pid=%u, nl_groups=%08x", nl->nl_pid, nl->nl_groups);
}

/* An address of `len` bytes. */
static void
put_address(struct hc_line *line, const void *a, size_t len)
{
	const struct sockaddr *any = a;
	const sa_family_t family = any->sa_family;

	line_put(line, "{sa_family=");
	line_enum(line, hc_names_family, family);
	if (family == AF_INET && len >= sizeof(struct sockaddr_in))
		put_inet(line, a);
	else if (family == AF_INET6 && len >= sizeof(struct sockaddr_in6))
		put_inet6(line, a);
	else if (family == AF_NETLINK && len >= sizeof(struct sockaddr_nl))
		put_netlink(line, a);
	else if (family == AF_UNIX && len > FAMILY)
		put_unix(line, a, len - FAMILY);
	else if (len > FAMILY) {
		line_put(line, ", sa_data=");
		line_text(line, (const char *)a + FAMILY, len - FAMILY);
	}
	line_put(line, "}");
}

void
show_address(struct hc_line *line, const struct sockaddr *address)
{
	put_address(line, address, sizeof(*address));
}

void
show_sockaddr(const struct hc_show *show, uint64_t va, uint64_t len)
{
	struct sockaddr_storage a = { 0 };

	if (len > sizeof(a))
		len = sizeof(a);
	if (va == 0 || len < FAMILY ||
	    gmem_read(show->mem, &a, va, (size_t)len) < 0)
		line_address(show->line, va);
	else
		put_address(show->line, &a, (size_t)len);
}
