# SPDX-License-Identifier: BSD-2-Clause
#
# GDB's own testsuite on novillo: see README.md.  `make check` does
# not run it.
#
#	make check-gdbsuite			in four ways to link and to connect
#	make gdbsuite-static			one of them
#	make gdbsuite-reverse			gdb.reverse, against replays
#	make gdbsuite-replay			the core list, against replays
#	make gdbsuite-static GDBSUITE_FILES=gdb.base/break.exp
#
# Results are in gdbsuite/WAY.

GDBSUITE_FILES =
GDBSUITE_WAYS = gdbsuite-static gdbsuite-static-pie gdbsuite-extended \
	gdbsuite-dynamic
GDBSUITE_RUN = top_builddir='$(top_builddir)' GDBSUITE_OUT=gdbsuite/$@ \
	$(SHELL) $(top_srcdir)/tests/gdbsuite/run.sh $(GDBSUITE_FILES)

check-gdbsuite: $(GDBSUITE_WAYS)

# The testsuite cannot run on some machines; run.sh prints why.
gdbsuite-static: all
	@echo $@:; $(GDBSUITE_RUN) || test $$? = 77
gdbsuite-static-pie: all
	@echo $@:; GDBSUITE_LINK=-static-pie $(GDBSUITE_RUN) || test $$? = 77
gdbsuite-dynamic: all
	@echo $@:; GDBSUITE_LINK=-pie $(GDBSUITE_RUN) || test $$? = 77
gdbsuite-extended: all
	@echo $@:; GDBSUITE_PROTOCOL=extended-remote $(GDBSUITE_RUN) || \
	    test $$? = 77

# Each program is recorded, and gdb debugs its replay.
GDBSUITE_REPLAYED = NOVILLO='$(abs_top_builddir)/bin/novillo' \
	GDBSUITE_STUB='sh $(abs_top_srcdir)/tests/gdbsuite/replayed.sh %record %port %program'
gdbsuite-reverse: all
	@echo $@:; $(GDBSUITE_REPLAYED) GDBSUITE_TABLE=gdbserver-reverse \
	$(GDBSUITE_RUN) `sed 's/\#.*//' '$(top_srcdir)/tests/gdbsuite/reverse.txt'` \
	    || test $$? = 77
gdbsuite-replay: all
	@echo $@:; $(GDBSUITE_REPLAYED) GDBSUITE_TABLE=novillo-replay \
	$(GDBSUITE_RUN) || test $$? = 77

.PHONY: check-gdbsuite gdbsuite-replay gdbsuite-reverse $(GDBSUITE_WAYS)

EXTRA_DIST += \
	tests/gdbsuite/README.md \
	tests/gdbsuite/core.txt \
	tests/gdbsuite/gdbserver-pie.tsv \
	tests/gdbsuite/gdbserver-reverse.tsv \
	tests/gdbsuite/gdbserver-static-pie.tsv \
	tests/gdbsuite/gdbserver-static.tsv \
	tests/gdbsuite/novillo-replay.tsv \
	tests/gdbsuite/novillo.exp \
	tests/gdbsuite/replayed.sh \
	tests/gdbsuite/reverse.txt \
	tests/gdbsuite/run.sh \
	tests/gdbsuite/score.awk \
	tests/gdbsuite/source.sh
