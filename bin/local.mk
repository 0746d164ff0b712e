# SPDX-License-Identifier: BSD-2-Clause
#
# The program.

# The reader of configurations; its fuzzer needs only these.
CONFIG_SOURCES = \
	bin/config.c \
	bin/config.h \
	bin/nearest.c \
	bin/nearest.h \
	bin/optionrow.c \
	bin/optionrow.h \
	bin/options.def \
	bin/options.h \
	bin/say.c \
	bin/say.h

bin_PROGRAMS += bin/novillo
bin_novillo_SOURCES = \
	$(CONFIG_SOURCES) \
	bin/check.c \
	bin/check.h \
	bin/debugfiles.c \
	bin/debugfiles.h \
	bin/foreign.def \
	bin/flame.c \
	bin/flame.h \
	bin/gdbstart.c \
	bin/gdbstart.h \
	bin/hints.c \
	bin/hints.h \
	bin/imports.c \
	bin/imports.def \
	bin/imports.h \
	bin/learn.c \
	bin/learn.h \
	bin/lostpage.c \
	bin/lostpage.h \
	bin/main.c \
	bin/needs.c \
	bin/needs.def \
	bin/needs.h \
	bin/open.c \
	bin/open.h \
	bin/options.c \
	bin/outcome.c \
	bin/outcome.h \
	bin/outfile.c \
	bin/outfile.h \
	bin/outside.c \
	bin/outside.h \
	bin/policy.c \
	bin/policy.h \
	bin/profiling.c \
	bin/profiling.h \
	bin/program.c \
	bin/program.h \
	bin/processor.c \
	bin/processor.h \
	bin/recording.c \
	bin/recording.h \
	bin/run.c \
	bin/run.h \
	bin/sandbox.c \
	bin/sandbox.h \
	bin/stats.c \
	bin/stats.h \
	bin/tracing.c \
	bin/tracing.h
bin_novillo_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS) $(ORDER_LDFLAGS)
EXTRA_bin_novillo_DEPENDENCIES = $(srcdir)/bin/start.lds
EXTRA_DIST += bin/start.lds
bin_novillo_LDADD = lib/libdebugger.a lib/libgdb.a lib/libsandbox.a \
	lib/libjson.a $(NOVILLO_LIBS)

# The completions of shells, made from the options.
noinst_PROGRAMS += bin/completion/make
bin_completion_make_SOURCES = bin/completion/make.c bin/options.def
bin_completion_make_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/bin

nodist_bashcomp_DATA = bin/completion/novillo
nodist_zshcomp_DATA = bin/completion/_novillo
nodist_fishcomp_DATA = bin/completion/novillo.fish
COMPLETIONS = $(nodist_bashcomp_DATA) $(nodist_zshcomp_DATA) \
	$(nodist_fishcomp_DATA)

MAKE_COMPLETION = $(AM_V_GEN)set -e; shell=`basename $< .sh`; \
	bin/completion/make$(EXEEXT) "$$shell" '$<' >$@.new; mv $@.new $@
bin/completion/novillo: $(srcdir)/bin/completion/bash.sh
	$(MAKE_COMPLETION)
bin/completion/_novillo: $(srcdir)/bin/completion/zsh.sh
	$(MAKE_COMPLETION)
bin/completion/novillo.fish: $(srcdir)/bin/completion/fish.sh
	$(MAKE_COMPLETION)
$(COMPLETIONS): bin/completion/make$(EXEEXT)

EXTRA_DIST += bin/completion/bash.sh bin/completion/fish.sh \
	bin/completion/zsh.sh
CLEANFILES += $(COMPLETIONS)
