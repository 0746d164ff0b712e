# SPDX-License-Identifier: BSD-2-Clause
#
# The part of `make install` for authors of guests, who have no build tree: the
# runtime, its headers, a compiler's wrapper, and examples.

guestdir = $(libdir)/novillo
guestincludedir = $(includedir)/novillo-guest
guestarpadir = $(guestincludedir)/arpa
guestnetinetdir = $(guestincludedir)/netinet
guestsysdir = $(guestincludedir)/sys
exampledir = $(docdir)/examples

guest_DATA = guest/libguest.a guest/libguest-native.a \
	guest/runtime/guest.lds guest/runtime/flat.lds
guestinclude_HEADERS = $(GUEST_TOP_FILES) $(GUEST_ABI_FILES)
guestarpa_HEADERS = $(GUEST_ARPA_FILES)
guestnetinet_HEADERS = $(GUEST_NETINET_FILES)
guestsys_HEADERS = $(GUEST_SYS_FILES)
pkgconfig_DATA += guest/sdk/novillo-guest.pc
bin_SCRIPTS += guest/sdk/novillo-cc
example_DATA = guest/sdk/Makefile $(GUEST_EXAMPLES_C) $(GUEST_CONFIGS)

EXTRA_DIST += guest/sdk/Makefile
