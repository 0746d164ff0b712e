/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the rules for addresses: their syntax, and the addresses they allow.
 */
#include "tap.h"

#include "hypercall/core/netrule.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static const char *
parse(struct hc_net_rule *rule, const char *text)
{
	/* Nothing but the length ends the text: the copy goes on with ','. */
	size_t len = strlen(text);
	char *exact = malloc(len + 1);
	const char *wrong;

	if (!exact)
		bail("no memory");
	memcpy(exact, text, len);
	exact[len] = ',';
	wrong = hc_net_rule_parse(rule, exact, len);
	free(exact);
	return wrong;
}

static void
test_good(void)
{
	static const struct {
		const char *text;
		const char *shown; /* NULL: equal to text */
	} good[] = {
		{ "bind:127.0.0.1", NULL },
		{ "bind:127.0.0.1:8080", NULL },
		{ "bind:0.0.0.0:0", NULL },
		{ "connect:10.0.0.0/8", NULL },
		{ "connect:10.0.0.0/8:65535", NULL },
		{ "connect:0.0.0.0/0:443", NULL },
		{ "connect:1.2.3.4/32", "connect:1.2.3.4" },
		{ "connect:128.0.0.0/1", NULL },
		{ "bind:[::1]", NULL },
		{ "bind:[::]:80", NULL },
		{ "connect:[2001:db8::]/32:443", NULL },
		{ "connect:[::]/0", NULL },
		{ "connect:[0:0:0:0:0:0:0:1]/128", "connect:[::1]" },
		{ "bind:*", NULL },
		{ "connect:*:443", NULL },
		{ "bind:*:1024-65535", NULL },
		{ "bind:[::1]:8000-8099", NULL },
		{ "bind:127.0.0.1:80-80", "bind:127.0.0.1:80" },
		{ "bind:127.0.0.1:0-65535", "bind:127.0.0.1" },
	};
	char text[HC_NET_RULE_TEXT];
	struct hc_net_rule rule;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const char *wrong = parse(&rule, good[i].text);

		is_str(wrong, NULL, "%s is a rule", good[i].text);
		if (wrong)
			continue;
		hc_net_rule_text(&rule, text);
		is_str(text, good[i].shown ? good[i].shown : good[i].text,
		    "and is shown as one");
	}
}

static void
test_bad(void)
{
	static const char *const bad[] = { "", "bind", "bin:1.2.3.4",
		"bind:", "bind:*80", "bind:**", "bind:*/0", "bind:[*]:80",
		"bind:1.2.3.4:80-79", "bind:1.2.3.4:80-", "bind:1.2.3.4:-80",
		"bind:1.2.3.4:80-65536", "bind:1.2.3.4:80-90-99",
		"bind:localhost:80", "bind:1.2.3", "bind:1.2.3.4.5",
		"bind:256.0.0.1", "bind:01.2.3.4x", "bind: 1.2.3.4",
		"bind:1.2.3.4 ", "bind:1.2.3.4:", "bind:1.2.3.4:65536",
		"bind:1.2.3.4:-1", "bind:1.2.3.4:80x", "bind:1.2.3.4:80:80",
		"bind:1.2.3.4:4294967376", "bind:::1", "bind:[::1", "bind:[]",
		"bind:[1.2.3.4]", "bind:[::1]80", "bind:[::1]]",
		"bind:[fe80::1%eth0]", "bind:[::1]/129", "bind:1.2.3.4/33",
		"bind:1.2.3.4/", "bind:1.2.3.4/8", "connect:10.0.0.1/31",
		"connect:[2001:db8::1]/32", "connect:[::ffff:10.0.0.0]/104",
		"connect:[::ffff:1.2.3.4]", "connect:1.2.3.4/32/32" };
	static const char too_long[] =
	    "connect:[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"
	    ":cccc:dddd:eeee]";
	struct hc_net_rule rule;
	size_t i;

	ok(parse(&rule, too_long), "nothing longer than an address is one");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *wrong = parse(&rule, bad[i]);

		ok(wrong, "\"%s\" is not a rule", bad[i]);
		if (wrong)
			printf("# %s\n", wrong);
	}
	ok(hc_net_rule_parse(&rule, "bind:1.2.3.4\0", 13),
	    "nor is one with a NUL in it");
	is_str(hc_net_rule_kind("bind:x", 6), "bind:", "a kind is recognised");
	is_str(hc_net_rule_kind("bind:x", 4), NULL, "if it is all there");
	is_str(hc_net_rule_kind("binder", 6), NULL, "and nothing else is");
}

static struct hc_net_rule rules[8];
static unsigned count;

static void
set_rules(const char *a, const char *b)
{
	count = 0;
	if (a && parse(&rules[count++], a))
		bail("%s", a);
	if (b && parse(&rules[count++], b))
		bail("%s", b);
}

static bool
allows4(enum hc_net_what what, const char *address, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };

	inet_pton(AF_INET, address, &in.sin_addr);
	return hc_net_allows(rules, count, what,
	    (const struct sockaddr *)(const void *)&in, sizeof(in));
}

static bool
allows6(enum hc_net_what what, const char *address, uint16_t port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_scope_id = 7,
		.sin6_flowinfo = 9 };

	inet_pton(AF_INET6, address, &in6.sin6_addr);
	return hc_net_allows(rules, count, what,
	    (const struct sockaddr *)(const void *)&in6, sizeof(in6));
}

static void
test_matching(void)
{
	set_rules(NULL, NULL);
	ok(allows4(HC_NET_BIND, "1.2.3.4", 80), "no rule narrows nothing");
	set_rules("bind:*:1024-2048", NULL);
	ok(allows4(HC_NET_BIND, "1.2.3.4", 1024) &&
		allows4(HC_NET_BIND, "0.0.0.0", 2048) &&
		allows6(HC_NET_BIND, "2001:db8::1", 1500),
	    "* is every address of both families, - a range of ports");
	ok(!allows4(HC_NET_BIND, "1.2.3.4", 1023) &&
		!allows6(HC_NET_BIND, "::1", 2049),
	    "but not a port outside it");
	set_rules("bind:127.0.0.1:8080", NULL);
	ok(allows4(HC_NET_CONNECT, "1.2.3.4", 80),
	    "rules for bind do not narrow connect");
	ok(allows4(HC_NET_BIND, "127.0.0.1", 8080),
	    "an address that a rule names passes");
	ok(!allows4(HC_NET_BIND, "127.0.0.1", 8081), "not another port");
	ok(!allows4(HC_NET_BIND, "127.0.0.2", 8080), "nor another address");
	ok(!allows4(HC_NET_BIND, "0.0.0.0", 8080), "nor all addresses");
	ok(!allows6(HC_NET_BIND, "::1", 8080), "nor another family");
	ok(!allows6(HC_NET_BIND, "::", 8080),
	    "nor all addresses of both families");

	set_rules("connect:10.0.0.0/8", "connect:192.168.128.0/17:443");
	ok(allows4(HC_NET_CONNECT, "10.255.0.1", 1), "a prefix is a range");
	ok(!allows4(HC_NET_CONNECT, "11.0.0.0", 1), "a range has an end");
	ok(!allows4(HC_NET_CONNECT, "9.255.255.255", 1),
	    "a range has a beginning");
	ok(allows4(HC_NET_CONNECT, "192.168.255.255", 443), "rules add up");
	ok(!allows4(HC_NET_CONNECT, "192.168.127.255", 443),
	    "a prefix may end within a byte");
	ok(!allows4(HC_NET_CONNECT, "192.168.255.255", 444),
	    "a port belongs to its own rule");

	set_rules("connect:[2001:db8::]/33", "connect:[::]/0:53");
	ok(allows6(HC_NET_CONNECT, "2001:db8:7fff::1", 1),
	    "an IPv6 prefix is a range");
	ok(!allows6(HC_NET_CONNECT, "2001:db8:8000::1", 1),
	    "an IPv6 range has an end");
	ok(allows6(HC_NET_CONNECT, "2001:db8:8000::1", 53),
	    "a prefix of 0 has no end");
	ok(!allows4(HC_NET_CONNECT, "1.2.3.4", 53),
	    "but covers no address of IPv4");
}

static void
test_mapped(void)
{
	set_rules("connect:[::]/0", NULL);
	ok(!allows6(HC_NET_CONNECT, "::ffff:10.0.0.1", 1),
	    "an IPv6 address that stands for one of IPv4 is not IPv6");
	ok(allows6(HC_NET_CONNECT, "::fffe:10.0.0.1", 1),
	    "one that does not is");
	set_rules("connect:10.0.0.0/8:80", NULL);
	ok(allows6(HC_NET_CONNECT, "::ffff:10.0.0.1", 80),
	    "a mapped address matches a rule for IPv4");
	ok(!allows6(HC_NET_CONNECT, "::ffff:11.0.0.1", 80),
	    "a mapped address outside the rule does not");
}

static bool
allows_bytes(const void *addr, size_t size, socklen_t len)
{
	/* A copy of exactly this size, for the sanitizer. */
	void *exact = malloc(size ? size : 1);
	bool allowed;

	if (!exact)
		bail("no memory");
	memcpy(exact, addr, size);
	allowed = hc_net_allows(rules, count, HC_NET_CONNECT, exact, len);
	free(exact);
	return allowed;
}

static void
test_shapes(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/x" };

	set_rules("connect:0.0.0.0/0", "connect:[::]/0");
	ok(allows_bytes(&in, 16, 16), "16 bytes are an address of IPv4");
	ok(!allows_bytes(&in, 15, 15), "15 are not");
	ok(allows_bytes(&in6, 28, 28), "28 bytes are an address of IPv6");
	ok(allows_bytes(&in6, 24, 24), "24 bytes are one also, as on Linux");
	ok(!allows_bytes(&in6, 23, 23), "23 are not");
	ok(!allows_bytes(&in, 1, 1), "one byte has no family");
	ok(!allows_bytes(&in, 0, 0), "an empty address has none either");
	ok(allows_bytes(&un, 4, 4), "rules do not concern AF_UNIX");
	in.sin_family = AF_NETLINK;
	ok(!allows_bytes(&in, 16, 16), "other families do not pass a rule");
	set_rules("connect:127.0.0.1", NULL);
	in.sin_family = AF_UNSPEC;
	inet_pton(AF_INET, "127.0.0.1", &in.sin_addr);
	ok(allows_bytes(&in, 16, 16), "AF_UNSPEC is IPv4, as for sendto");
	inet_pton(AF_INET, "10.0.0.1", &in.sin_addr);
	ok(!allows_bytes(&in, 16, 16), "and no way around a rule");
	set_rules(NULL, NULL);
	ok(allows_bytes(&in, 0, 0), "without rules Linux decides");
}

int
main(void)
{
	test_good();
	test_bad();
	test_matching();
	test_mapped();
	test_shapes();
	return done_testing();
}
