# SPDX-License-Identifier: BSD-2-Clause
#
# Manuals and documents.

dist_man_MANS += doc/novillo.1 doc/kvmcore.3 doc/novillo-gdb.7

# The page of the hypercalls, made from their table.
man_MANS += doc/novillo-hypercalls.7
doc/novillo-hypercalls.7: $(srcdir)/doc/hypercalls.awk \
	    $(srcdir)/lib/abi/hypercall.def $(srcdir)/doc/abi.md
	$(AM_V_GEN)$(MKDIR_P) doc; $(AWK) -f $(srcdir)/doc/hypercalls.awk \
	    $(srcdir)/lib/abi/hypercall.def $(srcdir)/doc/abi.md >$@.new && \
	    mv $@.new $@
CLEANFILES += doc/novillo-hypercalls.7 doc/novillo-hypercalls.7.new
EXTRA_DIST += doc/hypercalls.awk

dist_doc_DATA += NEWS.md doc/abi.md doc/architecture.md doc/coming-from.md \
	doc/endurance.md doc/hosts.md doc/record.md doc/security.md \
	doc/tenbytes.c doc/timetravel.md
