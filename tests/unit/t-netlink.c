/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests which requests a guest may send over AF_NETLINK, and the port of its
 * socket.
 */
#include "tap.h"

#include "hypercall/net/netlink.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	_Alignas(8) uint8_t bytes[256];
	size_t len;
} sent;

/* Add a request with `size` bytes of a structure for `family`. */
static struct nlmsghdr *
add(uint16_t type, unsigned size, uint8_t family)
{
	struct nlmsghdr *header = (void *)(sent.bytes + sent.len);

	memset(header, 0, NLMSG_SPACE(size));
	header->nlmsg_len = NLMSG_LENGTH(size);
	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST;
	*(uint8_t *)NLMSG_DATA(header) = family;
	sent.len += NLMSG_SPACE(size);
	return header;
}

/* Add an attribute, which takes 8 bytes, to the last request. */
static struct rtattr *
extend(struct nlmsghdr *header, uint16_t type, uint16_t len)
{
	struct rtattr *attribute = (void *)(sent.bytes + sent.len);

	memset(attribute, 0, 8);
	attribute->rta_type = type;
	attribute->rta_len = len;
	header->nlmsg_len += 8;
	sent.len += 8;
	return attribute;
}

static int
judge(void)
{
	int r = hc_netlink_judge(sent.bytes, sent.len);

	sent.len = 0;
	return r;
}

static int
judge_one(uint16_t type, unsigned size, uint8_t family)
{
	add(type, size, family);
	return judge();
}

static void
test_kinds(void)
{
	unsigned type, passed = 0;

	for (type = 0; type <= UINT16_MAX; type++)
		passed += judge_one((uint16_t)type, 16, AF_UNSPEC) != -EPERM;
	is_int(passed, 4, "four kinds of requests pass");
	is_int(judge_one(RTM_GETLINK, 16, AF_UNSPEC), 32, "RTM_GETLINK");
	is_int(judge_one(RTM_GETADDR, 8, AF_INET), 24, "RTM_GETADDR");
	is_int(judge_one(RTM_GETROUTE, 12, AF_INET6), 28, "RTM_GETROUTE");
	is_int(judge_one(RTM_GETNEIGH, 12, AF_INET), 28, "and RTM_GETNEIGH");
	is_int(judge_one(RTM_GETLINK, 1, AF_UNSPEC), 20,
	    "a family may stand for the structure");
	add(RTM_GETLINK, 16, AF_UNSPEC)->nlmsg_flags = UINT16_MAX;
	is_int(judge(), 32, "flags do not matter");
}

static void
test_families(void)
{
	static const struct {
		uint16_t type;
		unsigned size, families;
	} kinds[] = {
		{ RTM_GETLINK, 16, 4 },
		{ RTM_GETADDR, 8, 3 },
		{ RTM_GETROUTE, 12, 3 },
		{ RTM_GETNEIGH, 12, 3 },
	};
	unsigned i, family, passed;

	for (i = 0; i < 4; i++) {
		for (passed = family = 0; family < 256; family++)
			passed += judge_one(kinds[i].type, kinds[i].size,
				      (uint8_t)family) > 0;
		is_int(passed, kinds[i].families,
		    "kind %u passes for its families alone", kinds[i].type);
	}
}

static void
test_attributes(void)
{
	static const uint16_t lengths[] = { 0, 3, 9, UINT16_MAX };
	struct nlmsghdr *header;
	unsigned i, type, passed = 0;

	for (type = 0; type <= UINT16_MAX; type++) {
		extend(add(RTM_GETLINK, 16, 0), (uint16_t)type, 8);
		passed += judge() > 0;
	}
	is_int(passed, 4, "four attributes of an interface pass");
	for (i = 0; i < 4; i++) {
		extend(add(RTM_GETLINK, 16, 0), IFLA_IFNAME, lengths[i]);
		is_int(judge(), -EINVAL, "an attribute of %u bytes is EINVAL",
		    lengths[i]);
	}
	header = add(RTM_GETLINK, 16, 0);
	extend(header, IFLA_IFNAME, 7);
	extend(header, 46, 8);
	is_int(judge(), -EPERM, "one after another one is seen");
	extend(add(RTM_GETLINK, 4, 0), 46, 8);
	is_int(judge(), -EPERM, "and one after a family alone");
	extend(add(RTM_GETROUTE, 12, AF_INET), RTA_DST, 8);
	is_int(judge(), 36, "a route's end passes");
	extend(add(RTM_GETROUTE, 12, AF_INET), RTA_UID, 8);
	is_int(judge(), -EPERM, "another user's routes do not");
	add(RTM_GETADDR, 8, AF_INET)->nlmsg_len += 3;
	sent.len += 4;
	is_int(judge(), 28, "3 bytes are padding");
}

static void
test_lengths(void)
{
	struct nlmsghdr *header;
	size_t len;

	is_int(hc_netlink_judge(sent.bytes, 0), 0, "nothing is nothing");
	header = add(RTM_GETLINK, 16, 0);
	sent.len = 0;
	for (len = 0; len < 32; len++)
		if (hc_netlink_judge(sent.bytes, len) != 0)
			break;
	is_int(len, 32, "a part of a request is ignored");
	header->nlmsg_len = UINT32_MAX;
	is_int(hc_netlink_judge(sent.bytes, 32), 0, "and a very long one");
	header->nlmsg_len = 15;
	is_int(hc_netlink_judge(sent.bytes, 32), 0, "and a very short one");
	header->nlmsg_len = 16;
	is_int(hc_netlink_judge(sent.bytes, 32), -EINVAL,
	    "one without a family is EINVAL");
	add(RTM_GETADDR, 8, AF_INET);
	memset(sent.bytes + sent.len, 0, 100);
	sent.len += 100;
	is_int(judge(), 24, "what follows the last is ignored");
	add(RTM_GETADDR, 8, AF_INET);
	add(RTM_GETLINK, 16, 0);
	is_int(judge(), 56, "two requests pass together");
	add(RTM_GETADDR, 8, AF_INET);
	add(RTM_DELLINK, 16, 0);
	is_int(judge(), -EPERM, "or not at all");
	add(RTM_GETADDR, 1, AF_INET)->nlmsg_len = 17;
	sent.len = 17;
	is_int(judge(), 17, "the last need not be padded");
}

/* The port must not show the number of a process of the host's. */
static void
test_port(void)
{
	struct hc_file file = { .host = socket(AF_NETLINK, SOCK_RAW, 0) };
	struct hc_file same = file;
	struct sockaddr_nl own = { 0 };
	socklen_t len = sizeof(own);

	is_int(hc_netlink_bind(&file), 0, "a socket gets a port");
	getsockname(file.host, (struct sockaddr *)&own, &len);
	ok(own.nl_pid > INT32_MAX && own.nl_pid < 0xfffff000,
	    "which is not a process");
	is_int(own.nl_groups, 0, "and is in no group");
	is_int(hc_netlink_bind(&file), 0, "once");
	is_int(
	    hc_netlink_bind(&same), 0, "another thread may have been faster");
	close(file.host);
	file = (struct hc_file){ .host = -1 };
	is_int(hc_netlink_bind(&file), -EBADF, "an error is reported");
	ok(!file.bound, "and then there is no port");
}

static void
test_take(void)
{
	static uint8_t big[HC_NETLINK + 1];
	struct hc_file file = { .host = socket(AF_NETLINK, SOCK_RAW, 0) };
	struct hc_netlink request;
	struct iovec iov[2] = { { big, HC_NETLINK }, { big, 1 } };

	is_int(hc_netlink_take(&request, &file, iov, 2), -EMSGSIZE,
	    "%u bytes are too many", HC_NETLINK + 1);
	is_int(hc_netlink_take(&request, &file, iov, 1), 0, "%u are not",
	    HC_NETLINK);
	is_int(request.whole, HC_NETLINK, "all count as sent");
	is_int(request.len, NLMSG_HDRLEN,
	    "but what Linux ignores becomes a message without effect");
	add(RTM_GETADDR, 8, AF_INET);
	iov[0] = (struct iovec){ sent.bytes, 5 };
	iov[1] = (struct iovec){ sent.bytes + 5, 19 };
	is_int(hc_netlink_take(&request, &file, iov, 2), 0,
	    "a request may come in parts");
	ok(request.len == 24 && memcmp(request.bytes, sent.bytes, 24) == 0,
	    "and is sent as it was");
	close(file.host);
}

int
main(void)
{
	test_kinds();
	test_families();
	test_attributes();
	test_lengths();
	test_port();
	test_take();
	return done_testing();
}
