# SPDX-License-Identifier: BSD-2-Clause
#
# The program.

bin_PROGRAMS += bin/novillo
bin_novillo_SOURCES = \
	bin/check.c \
	bin/gdbserve.c \
	bin/gdbserve.h \
	bin/gdbtarget.c \
	bin/gdbtarget.h \
	bin/main.c \
	bin/open.c \
	bin/options.c \
	bin/options.def \
	bin/options.h \
	bin/run.c \
	bin/run.h \
	bin/stats.c \
	bin/stats.h
bin_novillo_LDADD = lib/libgdb.a $(NOVILLO_LIBS)
