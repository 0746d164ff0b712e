/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules for addresses.  Pure: nothing here may open or resolve a name.
 */
#include "hypercall/core/netrule.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {
	[HC_NET_BIND] = "bind:",
	[HC_NET_CONNECT] = "connect:",
};

/* ::ffff:0:0/96, the IPv6 addresses that stand for IPv4's. */
static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static unsigned
address_bits(int family)
{
	return family == AF_INET ? 32 : family == AF_INET6 ? 128 : 0;
}

static const char *
find_kind(const char *text, size_t len, enum hc_net_what *what)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		*what = (enum hc_net_what)i;
		if (len >= strlen(kinds[i]) &&
		    memcmp(text, kinds[i], strlen(kinds[i])) == 0)
			return kinds[i];
	}
	return NULL;
}

const char *
hc_net_rule_kind(const char *text, size_t len)
{
	enum hc_net_what what;

	return find_kind(text, len, &what);
}

/* A decimal number up to `max` at *text, which then points past it. */
static bool
take_number(const char **text, unsigned max, unsigned *value)
{
	const char *p = *text;

	for (*value = 0; *p >= '0' && *p <= '9'; p++) {
		*value = *value * 10 + (unsigned)(*p - '0');
		if (*value > max)
			return false;
	}
	if (p == *text)
		return false;
	*text = p;
	return true;
}

/* The address at *text, up to its closing bracket, or / or :. */
static bool
take_address(const char **text, struct hc_net_rule *rule)
{
	char address[INET6_ADDRSTRLEN];
	const char *begin = *text;
	size_t len;

	if (*begin == '*') {
		rule->family = AF_UNSPEC;
		*text = begin + 1;
		return true;
	}
	rule->family = *begin == '[' ? AF_INET6 : AF_INET;
	if (rule->family == AF_INET6)
		begin++;
	len = strcspn(begin, rule->family == AF_INET6 ? "]" : "/:");
	if (len >= sizeof(address))
		return false;
	memcpy(address, begin, len);
	address[len] = '\0';
	if (inet_pton(rule->family, address, rule->addr) != 1)
		return false;
	*text = begin + len;
	if (rule->family == AF_INET)
		return true;
	return *(*text)++ == ']';
}

static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(a, b, bytes) != 0)
		return false;
	return rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0;
}

/* Does an address have bits that the prefix leaves out? */
static bool
has_more_bits(const struct hc_net_rule *rule)
{
	unsigned bit;

	for (bit = rule->prefix; bit < address_bits(rule->family); bit++)
		if (rule->addr[bit / 8] >> (7 - bit % 8) & 1)
			return true;
	return false;
}

/* The ports at *text, which then points past them. */
static const char *
take_ports(const char **text, struct hc_net_rule *rule)
{
	if (!take_number(text, HC_NET_PORT_MAX, &rule->port))
		return "a port is a number up to 65535";
	rule->last = rule->port;
	if (**text != '-')
		return NULL;
	++*text;
	if (!take_number(text, HC_NET_PORT_MAX, &rule->last) ||
	    rule->last < rule->port)
		return "the last port is a number up to 65535, and not less"
		       " than the first";
	return NULL;
}

static const char *
parse_rule(struct hc_net_rule *rule, const char *text)
{
	const char *kind, *wrong;

	*rule = (struct hc_net_rule){ .last = HC_NET_PORT_MAX };
	kind = find_kind(text, strlen(text), &rule->what);
	if (!kind)
		return "a rule begins with bind: or connect:";
	text += strlen(kind);
	if (!take_address(&text, rule))
		return "an address is wanted, as 127.0.0.1 or [::1], or *";
	rule->prefix = address_bits(rule->family);
	if (*text == '/' && rule->family != AF_UNSPEC) {
		text++;
		if (!take_number(&text, rule->prefix, &rule->prefix))
			return "/ and a number of bits is wanted, up to 32 or"
			       " 128";
		if (has_more_bits(rule))
			return "the address has bits that the prefix leaves"
			       " out";
	}
	if (rule->family == AF_INET6 && rule->prefix >= 96 &&
	    same_bits(rule->addr, mapped, 96))
		return "that is an address of IPv4: write it as one";
	if (*text == ':') {
		text++;
		wrong = take_ports(&text, rule);
		if (wrong)
			return wrong;
	}
	return *text ? "there is more than an address and a port" : NULL;
}

const char *
hc_net_rule_parse(struct hc_net_rule *rule, const char *text, size_t len)
{
	char copy[HC_NET_RULE_TEXT];

	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return "that is longer than any address";
	memcpy(copy, text, len);
	copy[len] = '\0';
	return parse_rule(rule, copy);
}

bool
hc_net_rule_equals(const struct hc_net_rule *a, const struct hc_net_rule *b)
{
	return a->what == b->what && a->family == b->family &&
	       a->prefix == b->prefix && a->port == b->port &&
	       a->last == b->last && same_bits(a->addr, b->addr, a->prefix);
}

void
hc_net_rule_text(const struct hc_net_rule *rule, char text[HC_NET_RULE_TEXT])
{
	char address[INET6_ADDRSTRLEN] = "*";
	bool v6 = rule->family == AF_INET6;
	int n;

	if (rule->family != AF_UNSPEC)
		inet_ntop(rule->family, rule->addr, address, sizeof(address));
	n = snprintf(text, HC_NET_RULE_TEXT, "%s%s%s%s", kinds[rule->what],
	    v6 ? "[" : "", address, v6 ? "]" : "");
	if (rule->prefix < address_bits(rule->family))
		n += snprintf(text + n, HC_NET_RULE_TEXT - (size_t)n, "/%u",
		    rule->prefix);
	if (rule->port == 0 && rule->last == HC_NET_PORT_MAX)
		return;
	n += snprintf(
	    text + n, HC_NET_RULE_TEXT - (size_t)n, ":%u", rule->port);
	if (rule->last != rule->port)
		snprintf(
		    text + n, HC_NET_RULE_TEXT - (size_t)n, "-%u", rule->last);
}

/* An address as rules see it: family, bytes, port.  False: another family. */
static bool
take_sockaddr(
    struct hc_net_rule *seen, const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	/* Linux also takes IPv6 addresses without the scope. */
	const size_t least6 = offsetof(struct sockaddr_in6, sin6_scope_id);

	if (addr->sa_family != AF_INET6) {
		if (len < sizeof(in) || (addr->sa_family != AF_INET &&
					    addr->sa_family != AF_UNSPEC))
			return false;
		memcpy(&in, addr, sizeof(in));
		seen->family = AF_INET;
		seen->port = ntohs(in.sin_port);
		memcpy(seen->addr, &in.sin_addr, 4);
		return true;
	}
	if (len < least6)
		return false;
	memcpy(&in6, addr, least6);
	seen->family = AF_INET6;
	seen->port = ntohs(in6.sin6_port);
	memcpy(seen->addr, &in6.sin6_addr, 16);
	if (same_bits(seen->addr, mapped, 96)) {
		seen->family = AF_INET;
		memmove(seen->addr, seen->addr + 12, 4);
	}
	return true;
}

static bool
rule_matches(const struct hc_net_rule *rule, const struct hc_net_rule *seen)
{
	return (rule->family == seen->family || rule->family == AF_UNSPEC) &&
	       rule->port <= seen->port && seen->port <= rule->last &&
	       same_bits(rule->addr, seen->addr, rule->prefix);
}

bool
hc_net_allows(const struct hc_net_rule *rules, unsigned n,
    enum hc_net_what what, const struct sockaddr *addr, socklen_t len)
{
	struct hc_net_rule seen = { 0 };
	bool narrowed = false, known;
	unsigned i;

	known = len >= sizeof(addr->sa_family);
	if (known && addr->sa_family == AF_UNIX)
		return true;
	known = known && take_sockaddr(&seen, addr, len);
	for (i = 0; i < n; i++) {
		if (rules[i].what != what)
			continue;
		narrowed = true;
		if (known && rule_matches(&rules[i], &seen))
			return true;
	}
	return !narrowed;
}
