# SPDX-License-Identifier: BSD-2-Clause
#
# The libraries, from what knows least to what knows most.

# What host and guest share: guest/local.mk distributes it too.
EXTRA_DIST += lib/abi/linux.def lib/abi/refused.def lib/abi/traps.def

# Installed, and nothing in it knows a guest.
lib_LIBRARIES += lib/libkvmcore.a
lib_libkvmcore_a_SOURCES = \
	lib/kvmcore/exits.def \
	lib/kvmcore/kvmcore.c
include_HEADERS += lib/kvmcore/kvmcore.h
pkgconfig_DATA += lib/kvmcore/kvmcore.pc

# Pure: bytes in, answers out.
noinst_LIBRARIES += lib/libimage.a
lib_libimage_a_SOURCES = \
	lib/image/calls.c \
	lib/image/calls.h \
	lib/image/cursor.c \
	lib/image/cursor.h \
	lib/image/elfview.c \
	lib/image/elfview.h \
	lib/image/image.c \
	lib/image/image.h \
	lib/image/lines.c \
	lib/image/lines.h \
	lib/image/symbols.c \
	lib/image/symbols.h

noinst_LIBRARIES += lib/libmem.a
lib_libmem_a_SOURCES = \
	lib/mem/advice.c \
	lib/mem/copy.S \
	lib/mem/gmem.c \
	lib/mem/gmem.h \
	lib/mem/mapping.h \
	lib/mem/pagetable.c \
	lib/mem/pagetable.h \
	lib/mem/space.c \
	lib/mem/space.h

noinst_LIBRARIES += lib/libhypercall.a
lib_libhypercall_a_SOURCES = \
	lib/hypercall/address.c \
	lib/hypercall/address.h \
	lib/hypercall/attribute.c \
	lib/hypercall/control.c \
	lib/hypercall/control.h \
	lib/hypercall/cpuinfo.c \
	lib/hypercall/descriptor.c \
	lib/hypercall/event.c \
	lib/hypercall/fd.c \
	lib/hypercall/fd.h \
	lib/hypercall/file.c \
	lib/hypercall/folder.c \
	lib/hypercall/forward.c \
	lib/hypercall/forward.h \
	lib/hypercall/futex.c \
	lib/hypercall/handlers.h \
	lib/hypercall/host.h \
	lib/hypercall/hostwait.c \
	lib/hypercall/hypercall.c \
	lib/hypercall/hypercall.h \
	lib/hypercall/limits.c \
	lib/hypercall/line.c \
	lib/hypercall/line.h \
	lib/hypercall/memory.c \
	lib/hypercall/message.c \
	lib/hypercall/names.h \
	lib/hypercall/netrule.c \
	lib/hypercall/netrule.h \
	lib/hypercall/own.c \
	lib/hypercall/own.def \
	lib/hypercall/own.h \
	lib/hypercall/path.c \
	lib/hypercall/path.h \
	lib/hypercall/poll.c \
	lib/hypercall/proc.c \
	lib/hypercall/process.c \
	lib/hypercall/refused.c \
	lib/hypercall/refused.h \
	lib/hypercall/schedule.c \
	lib/hypercall/show.c \
	lib/hypercall/show.h \
	lib/hypercall/showaddr.c \
	lib/hypercall/showsignal.c \
	lib/hypercall/signal.c \
	lib/hypercall/signal.h \
	lib/hypercall/signalcall.c \
	lib/hypercall/signals.h \
	lib/hypercall/socket.c \
	lib/hypercall/sockopt.c \
	lib/hypercall/summary.c \
	lib/hypercall/system.c \
	lib/hypercall/text.c \
	lib/hypercall/text.h \
	lib/hypercall/thread.c \
	lib/hypercall/time.c \
	lib/hypercall/timer.c \
	lib/hypercall/trace.c \
	lib/hypercall/trace.h \
	lib/hypercall/unixname.c \
	lib/hypercall/unixname.h \
	lib/hypercall/wait.c \
	lib/hypercall/wait.h \
	lib/hypercall/waitcall.S \
	lib/hypercall/walk.c

noinst_LIBRARIES += lib/libvm.a
lib_libvm_a_SOURCES = \
	lib/vm/breaks.c \
	lib/vm/breaks.h \
	lib/vm/context.c \
	lib/vm/context.h \
	lib/vm/core.c \
	lib/vm/core.h \
	lib/vm/cpu.c \
	lib/vm/cpu.h \
	lib/vm/debug.c \
	lib/vm/debug.h \
	lib/vm/deliver.c \
	lib/vm/deliver.h \
	lib/vm/error.c \
	lib/vm/error.h \
	lib/vm/exits.c \
	lib/vm/load.c \
	lib/vm/machine.c \
	lib/vm/machine.h \
	lib/vm/monitor.c \
	lib/vm/monitor.h \
	lib/vm/probe.c \
	lib/vm/probe.h \
	lib/vm/report.c \
	lib/vm/report.h \
	lib/vm/run.h \
	lib/vm/sigframe.c \
	lib/vm/sigframe.h \
	lib/vm/start.c \
	lib/vm/step.c \
	lib/vm/step.h \
	lib/vm/thread.c \
	lib/vm/thread.h \
	lib/vm/trap.c \
	lib/vm/trap.h \
	lib/vm/x86.h

# The GDB stub: pure, it reaches the machine through target.h alone.
noinst_LIBRARIES += lib/libgdb.a
lib_libgdb_a_SOURCES = \
	lib/gdb/bulk.c \
	lib/gdb/bulk.h \
	lib/gdb/packet.c \
	lib/gdb/packet.h \
	lib/gdb/packets.def \
	lib/gdb/packets_data.c \
	lib/gdb/packets_file.c \
	lib/gdb/packets_lldb.c \
	lib/gdb/packets_query.c \
	lib/gdb/packets_run.c \
	lib/gdb/regs.c \
	lib/gdb/regs.def \
	lib/gdb/regs.h \
	lib/gdb/rsp.c \
	lib/gdb/rsp.h \
	lib/gdb/signals.c \
	lib/gdb/signals.def \
	lib/gdb/signals.h \
	lib/gdb/stops.c \
	lib/gdb/stub.c \
	lib/gdb/stub.h \
	lib/gdb/target.h \
	lib/gdb/text.c \
	lib/gdb/text.h

# Confining the process: it knows neither guests nor KVM.
noinst_LIBRARIES += lib/libsandbox.a
lib_libsandbox_a_SOURCES = \
	lib/sandbox/confine.c \
	lib/sandbox/confine.h \
	lib/sandbox/filter.c \
	lib/sandbox/filter.h \
	lib/sandbox/host.c \
	lib/sandbox/host.h \
	lib/sandbox/landlock.c \
	lib/sandbox/landlock.h \
	lib/sandbox/namespaces.c \
	lib/sandbox/namespaces.h \
	lib/sandbox/sys.h

# In the order a linker wants them: each needs only what follows it.
NOVILLO_LIBS = \
	lib/libvm.a \
	lib/libhypercall.a \
	lib/libmem.a \
	lib/libimage.a \
	lib/libkvmcore.a
