# SPDX-License-Identifier: BSD-2-Clause
#
# Units: one library at a time.  All but t-debug, t-kvmcore, t-line and t-target
# run without KVM.

TEST_LIBS = $(NOVILLO_LIBS)
UNIT_TESTS = \
	tests/unit/t-access \
	tests/unit/t-agent \
	tests/unit/t-aside \
	tests/unit/t-breaks \
	tests/unit/t-command \
	tests/unit/t-confine \
	tests/unit/t-connection \
	tests/unit/t-copies \
	tests/unit/t-sieve \
	tests/unit/t-cure \
	tests/unit/t-debug \
	tests/unit/t-debuglink \
	tests/unit/t-events \
	tests/unit/t-files \
	tests/unit/t-filter \
	tests/unit/t-flame \
	tests/unit/t-gmem \
	tests/unit/t-hypercall \
	tests/unit/t-image \
	tests/unit/t-insn \
	tests/unit/t-ipc \
	tests/unit/t-json \
	tests/unit/t-kvmcore \
	tests/unit/t-libraries \
	tests/unit/t-limits \
	tests/unit/t-line \
	tests/unit/t-lines \
	tests/unit/t-look \
	tests/unit/t-mapped \
	tests/unit/t-marks \
	tests/unit/t-memfile \
	tests/unit/t-mmap \
	tests/unit/t-names \
	tests/unit/t-needs \
	tests/unit/t-net \
	tests/unit/t-netlink \
	tests/unit/t-netrule \
	tests/unit/t-objdump \
	tests/unit/t-output \
	tests/unit/t-own \
	tests/unit/t-plan \
	tests/unit/t-points \
	tests/unit/t-program \
	tests/unit/t-record \
	tests/unit/t-turn \
	tests/unit/t-regs \
	tests/unit/t-rsp \
	tests/unit/t-signal \
	tests/unit/t-space \
	tests/unit/t-stops \
	tests/unit/t-stub \
	tests/unit/t-symbols \
	tests/unit/t-tables \
	tests/unit/t-target \
	tests/unit/t-timepage \
	tests/unit/t-trace \
	tests/unit/t-trampoline
UNIT_SOURCES = tests/unit/tap.h tests/unit/guestram.h tests/unit/guestcall.h \
	tests/unit/scratch.h tests/unit/elfmaker.h tests/unit/elfbuild.h \
	tests/unit/openfiles.h tests/unit/selfelf.h
tests_unit_t_access_SOURCES = tests/unit/t-access.c $(UNIT_SOURCES)
tests_unit_t_access_LDADD = lib/libimage.a
tests_unit_t_aside_SOURCES = tests/unit/t-aside.c $(UNIT_SOURCES)
tests_unit_t_aside_LDADD = lib/libvm.a
tests_unit_t_breaks_SOURCES = tests/unit/t-breaks.c $(UNIT_SOURCES)
tests_unit_t_breaks_LDADD = $(TEST_LIBS)
tests_unit_t_command_SOURCES = tests/unit/t-command.c $(UNIT_SOURCES)
tests_unit_t_command_LDADD = lib/libdebugger.a lib/libgdb.a $(TEST_LIBS)
tests_unit_t_copies_SOURCES = tests/unit/t-copies.c $(UNIT_SOURCES)
tests_unit_t_copies_LDADD = $(TEST_LIBS)
tests_unit_t_confine_SOURCES = tests/unit/t-confine.c $(UNIT_SOURCES)
tests_unit_t_confine_LDADD = lib/libsandbox.a
tests_unit_t_cure_SOURCES = tests/unit/t-cure.c $(UNIT_SOURCES)
tests_unit_t_cure_LDADD = $(TEST_LIBS)
tests_unit_t_debug_SOURCES = tests/unit/t-debug.c tests/unit/guestvm.h \
	$(UNIT_SOURCES)
tests_unit_t_debug_LDADD = $(TEST_LIBS)
tests_unit_t_debuglink_SOURCES = tests/unit/t-debuglink.c $(UNIT_SOURCES)
tests_unit_t_debuglink_LDADD = lib/libimage.a
tests_unit_t_files_SOURCES = tests/unit/t-files.c $(UNIT_SOURCES)
tests_unit_t_files_LDADD = $(TEST_LIBS)
tests_unit_t_filter_SOURCES = tests/unit/t-filter.c bin/needs.c bin/needs.h \
	bin/needs.def $(UNIT_SOURCES)
tests_unit_t_filter_LDADD = lib/libsandbox.a $(TEST_LIBS)
tests_unit_t_gmem_SOURCES = tests/unit/t-gmem.c $(UNIT_SOURCES)
tests_unit_t_gmem_LDADD = $(TEST_LIBS)
tests_unit_t_hypercall_SOURCES = tests/unit/t-hypercall.c $(UNIT_SOURCES)
tests_unit_t_hypercall_LDADD = $(TEST_LIBS)
tests_unit_t_image_SOURCES = tests/unit/t-image.c $(UNIT_SOURCES)
tests_unit_t_image_LDADD = $(TEST_LIBS)
tests_unit_t_ipc_SOURCES = tests/unit/t-ipc.c $(UNIT_SOURCES)
tests_unit_t_ipc_LDADD = $(TEST_LIBS)
tests_unit_t_insn_SOURCES = tests/unit/t-insn.c $(UNIT_SOURCES)
tests_unit_t_insn_LDADD = lib/libimage.a
tests_unit_t_output_SOURCES = tests/unit/t-output.c $(UNIT_SOURCES)
tests_unit_t_output_LDADD = lib/liboutput.a
tests_unit_t_json_SOURCES = tests/unit/t-json.c $(UNIT_SOURCES)
tests_unit_t_json_LDADD = lib/libjson.a
tests_unit_t_kvmcore_SOURCES = tests/unit/t-kvmcore.c $(UNIT_SOURCES)
tests_unit_t_kvmcore_LDADD = lib/libkvmcore.a
tests_unit_t_line_SOURCES = tests/unit/t-line.c $(UNIT_SOURCES)
tests_unit_t_lines_SOURCES = tests/unit/t-lines.c $(UNIT_SOURCES)
tests_unit_t_lines_LDADD = $(TEST_LIBS)
tests_unit_t_look_SOURCES = tests/unit/t-look.c $(UNIT_SOURCES)
tests_unit_t_look_LDADD = $(TEST_LIBS)
tests_unit_t_mapped_SOURCES = tests/unit/t-mapped.c $(UNIT_SOURCES)
tests_unit_t_mapped_LDADD = $(TEST_LIBS)
tests_unit_t_marks_SOURCES = tests/unit/t-marks.c $(UNIT_SOURCES)
tests_unit_t_marks_LDADD = $(TEST_LIBS)
tests_unit_t_memfile_SOURCES = tests/unit/t-memfile.c $(UNIT_SOURCES)
tests_unit_t_memfile_LDADD = $(TEST_LIBS)
tests_unit_t_mmap_SOURCES = tests/unit/t-mmap.c $(UNIT_SOURCES)
tests_unit_t_mmap_LDADD = $(TEST_LIBS)
tests_unit_t_needs_SOURCES = tests/unit/t-needs.c tests/fuzz/anycall.h \
	bin/needs.c bin/needs.h bin/needs.def $(UNIT_SOURCES)
tests_unit_t_needs_LDADD = lib/libsandbox.a $(TEST_LIBS)
tests_unit_t_net_SOURCES = tests/unit/t-net.c $(UNIT_SOURCES)
tests_unit_t_net_LDADD = $(TEST_LIBS)
tests_unit_t_netlink_SOURCES = tests/unit/t-netlink.c $(UNIT_SOURCES)
tests_unit_t_netlink_LDADD = $(TEST_LIBS)
tests_unit_t_netrule_SOURCES = tests/unit/t-netrule.c $(UNIT_SOURCES)
tests_unit_t_netrule_LDADD = $(TEST_LIBS)
OBJDUMP_SOURCES = tests/unit/objdump.c tests/unit/objdump.h
tests_unit_t_objdump_SOURCES = tests/unit/t-objdump.c $(OBJDUMP_SOURCES) \
	$(UNIT_SOURCES)
tests_unit_t_objdump_LDADD = lib/libimage.a
tests_unit_t_names_SOURCES = tests/unit/t-names.c $(UNIT_SOURCES)
tests_unit_t_names_LDADD = $(TEST_LIBS)

tests_unit_t_own_SOURCES = tests/unit/t-own.c $(UNIT_SOURCES)
tests_unit_t_own_LDADD = $(TEST_LIBS)
tests_unit_t_agent_SOURCES = tests/unit/t-agent.c tests/unit/agentasm.h \
	$(UNIT_SOURCES)
tests_unit_t_agent_LDADD = lib/libgdb.a
tests_unit_t_sieve_SOURCES = tests/unit/t-sieve.c $(UNIT_SOURCES)
tests_unit_t_sieve_LDADD = lib/libgdb.a $(TEST_LIBS)
tests_unit_t_libraries_SOURCES = tests/unit/t-libraries.c $(UNIT_SOURCES)
tests_unit_t_libraries_LDADD = lib/libdebugger.a lib/libgdb.a $(TEST_LIBS)
tests_unit_t_limits_SOURCES = tests/unit/t-limits.c $(UNIT_SOURCES)
tests_unit_t_limits_LDADD = $(TEST_LIBS)
tests_unit_t_connection_SOURCES = tests/unit/t-connection.c $(UNIT_SOURCES)
tests_unit_t_connection_LDADD = lib/libdebugger.a lib/liboutput.a
tests_unit_t_plan_SOURCES = tests/unit/t-plan.c $(UNIT_SOURCES)
tests_unit_t_plan_LDADD = lib/libdebugger.a
tests_unit_t_points_SOURCES = tests/unit/t-points.c $(UNIT_SOURCES)
tests_unit_t_points_LDADD = lib/libgdb.a
tests_unit_t_program_SOURCES = tests/unit/t-program.c bin/program.c \
	bin/program.h bin/run.h bin/say.h $(UNIT_SOURCES)
tests_unit_t_program_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/bin
tests_unit_t_program_LDADD = $(TEST_LIBS)
tests_unit_t_record_SOURCES = tests/unit/t-record.c $(UNIT_SOURCES)
tests_unit_t_record_LDADD = lib/librecord.a
tests_unit_t_regs_SOURCES = tests/unit/t-regs.c $(UNIT_SOURCES)
tests_unit_t_regs_LDADD = lib/libgdb.a
tests_unit_t_rsp_SOURCES = tests/unit/t-rsp.c $(UNIT_SOURCES)
tests_unit_t_rsp_LDADD = lib/libgdb.a
tests_unit_t_signal_SOURCES = tests/unit/t-signal.c $(UNIT_SOURCES)
tests_unit_t_signal_LDADD = $(TEST_LIBS)
tests_unit_t_space_SOURCES = tests/unit/t-space.c $(UNIT_SOURCES)
tests_unit_t_space_LDADD = $(TEST_LIBS)
tests_unit_t_stops_SOURCES = tests/unit/t-stops.c $(UNIT_SOURCES)
tests_unit_t_stops_LDADD = lib/libvm.a
tests_unit_t_stub_SOURCES = tests/unit/t-stub.c tests/unit/faketarget.c \
	tests/unit/faketarget.h $(UNIT_SOURCES)
tests_unit_t_stub_LDADD = lib/libgdb.a
tests_unit_t_timepage_SOURCES = tests/unit/t-timepage.c $(UNIT_SOURCES)
tests_unit_t_timepage_LDADD = $(TEST_LIBS)
tests_unit_t_turn_SOURCES = tests/unit/t-turn.c $(UNIT_SOURCES)
tests_unit_t_turn_LDADD = $(TEST_LIBS)
tests_unit_t_events_SOURCES = tests/unit/t-events.c $(UNIT_SOURCES)
tests_unit_t_events_LDADD = lib/libjson.a $(TEST_LIBS)
tests_unit_t_flame_SOURCES = tests/unit/t-flame.c bin/flame.c bin/flame.h \
	$(UNIT_SOURCES)
tests_unit_t_flame_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/bin
tests_unit_t_flame_LDADD = lib/liboutput.a
tests_unit_t_trampoline_SOURCES = tests/unit/t-trampoline.c $(UNIT_SOURCES)
tests_unit_t_trampoline_LDADD = $(TEST_LIBS)
tests_unit_t_trace_SOURCES = tests/unit/t-trace.c $(UNIT_SOURCES)
tests_unit_t_trace_LDADD = $(TEST_LIBS)
tests_unit_t_symbols_SOURCES = tests/unit/t-symbols.c $(UNIT_SOURCES)
tests_unit_t_symbols_LDADD = $(TEST_LIBS)
tests_unit_t_tables_SOURCES = tests/unit/t-tables.c $(UNIT_SOURCES)
tests_unit_t_tables_LDADD = lib/libdebugger.a lib/libgdb.a $(TEST_LIBS)
tests_unit_t_target_SOURCES = tests/unit/t-target.c tests/unit/guestvm.h \
	$(UNIT_SOURCES)
tests_unit_t_target_LDADD = lib/libdebugger.a lib/libgdb.a $(TEST_LIBS)
# They look at themselves, so they need what -g0 of a packager would take away.
tests_unit_t_lines_CFLAGS = $(AM_CFLAGS) -g
tests_unit_t_symbols_CFLAGS = $(AM_CFLAGS) -g

# The codec as a guest has it: its sources, compiled as one with the test.
RSP_GUESTS = tests/unit/t_rsp.elf tests/unit/t_rsp.native
check_DATA += $(RSP_GUESTS)
tests/unit/t_rsp.elf: tests/unit/t_rsp.c lib/gdb/bulk.c lib/gdb/bulk.h \
    lib/gdb/rsp.c lib/gdb/rsp.h guest/libguest.a guest/runtime/guest.lds
	$(AM_V_CC)$(MKDIR_P) $(@D) && ($(GUEST_COMPILE) -Ilib \
	    -c -o '$(abs_top_builddir)/tests/unit/t_rsp.g.o' tests/unit/t_rsp.c) && \
	$(GUEST_LINK) -o $@ tests/unit/t_rsp.g.o guest/libguest.a
tests/unit/t_rsp.native: tests/unit/t_rsp.c lib/gdb/bulk.c lib/gdb/bulk.h \
    lib/gdb/rsp.c lib/gdb/rsp.h guest/libguest-native.a guest/runtime/guest.lds
	$(AM_V_CC)$(MKDIR_P) $(@D) && ($(GUEST_COMPILE) -Ilib \
	    -DHYPERCALL_BY_SYSCALL \
	    -c -o '$(abs_top_builddir)/tests/unit/t_rsp.n.o' tests/unit/t_rsp.c) && \
	$(GUEST_LINK) -o $@ tests/unit/t_rsp.n.o guest/libguest-native.a
CLEANFILES += $(RSP_GUESTS) tests/unit/t_rsp.g.o tests/unit/t_rsp.n.o

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS) $(RSP_GUESTS)
EXTRA_DIST += tests/unit/t_rsp.c
