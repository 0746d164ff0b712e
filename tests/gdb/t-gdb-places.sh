#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Places of a recording have names that hold in every session, and one command
# finds the last write of a variable.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# The recording is made and read where novillo runs.
log=/tmp/novillo-places-$$

# replay COMMAND...: a session with the recording.
replay()
{
	on_line "| $novillo --gdb=stdio --replay=$log 2>$scratch/guest" "$@"
}

# values NAME: what $answer says about registers and variables, once each.
same()
{
	is "$(printf '%s\n' "$answer" | grep "^$1" | sort -u | wc -l)" 1 "$2"
}

session "rewind.elf" "monitor when" "monitor goto 1" "monitor last-write 1 1" \
    "monitor checkpoint" "monitor checkpoints"
is "$(printf '%s\n' "$answer" | grep -c '^The guest is not recorded')" 5 \
    "a guest that is not replayed has no places"

status_=0
"$novillo" "--record=$log" "$guests/rewind.elf" 1000 100 \
    >"$scratch/recorded" 2>&1 </dev/null || status_=$?
is "$status_" 0 "a run is recorded"

# Its start, the place of a breakpoint, one within a function, and one after a
# call.
replay "monitor when" "break leave_trail if value == 500" "continue" \
    "monitor when" "info registers rip" "stepi 3" "monitor when" \
    "info registers rsp" "delete" "catch syscall getppid" "continue" \
    "monitor when" "continue" "monitor when" "print value" \
    "stepi" "monitor when"
printf '%s\n' "$answer" | grep -E '^[0-9]+(:0x[0-9a-f]+:[0-9]+)?$' >"$scratch/names"
is "$(wc -l <"$scratch/names")" 6 "places have names"
is "$(head -n 1 "$scratch/names")" 0 "that of the start is 0"
is "$(sort -u "$scratch/names" | wc -l)" 6 "and each has its own"
{ read -r _; read -r hit; read -r inside; read -r _; read -r after; } \
    <"$scratch/names"
echo "# $hit, $inside, $after"

# Forward and back, in another session.
replay "monitor goto $inside" "continue" "monitor when" "info registers rip" \
    "print \$rsp" "reverse-stepi 3" "monitor when" "print value" \
    "monitor goto $after" "reverse-continue" "monitor when" \
    "monitor goto $hit" "stepi" "monitor when" "print value" \
    "monitor goto $inside" "continue" "info registers rip" \
    "monitor goto 0" "continue" "print \$pc == (long)&_start"
is "$(printf '%s\n' "$answer" | grep -c "^$inside\$")" 1 \
    "a name leads to its place in another session"
is "$(printf '%s\n' "$answer" | grep -c "^$hit\$")" 2 \
    "from which the way back leads to others"
is "$(printf '%s\n' "$answer" | grep -c "^$after\$")" 1 "also right after a call"
is "$(printf '%s\n' "$answer" | grep -c ' = 500$')" 2 "with what was there"
same rip "and the same registers"
has "$answer" " = 1" "the start is a place"

# Places that do not exist, and words that name none.
replay "break leave_trail if value == 7" "continue" "info registers rip" \
    "monitor goto 99999999" "continue" "info registers rip" \
    "monitor goto 3:main:5" "continue" "info registers rip" "print value" \
    "monitor goto here" "monitor goto 1:2:3:4" "monitor goto 1:main:x" \
    "monitor last-write state 0" "monitor last-write state 17" \
    "stepi" "reverse-stepi" "info registers rip"
is "$(printf '%s\n' "$answer" | grep -c '^There is no such place')" 2 \
    "a place that does not exist is not found"
same rip "and the guest stays where it was"
has "$answer" '$1 = 7' "in the same state"
is "$(printf '%s\n' "$answer" | grep -c 'is not a number')" 3 \
    "words that name no place are refused"
is "$(printf '%s\n' "$answer" | grep -c '^The length must be from 1 to 16')" 2 \
    "and so are lengths"

# The last write, by one command: it changes nothing.
replay "break look_at_it" "continue" "info registers rip" \
    "monitor last-write state+64 4" "info registers rip" "reverse-stepi" \
    "stepi" "info registers rip"
has "$answer" "d2 04 00 00 became ee 02 00 00." \
    "the last write of a variable is found"
same rip "the guest stays where it was"
place=$(printf '%s\n' "$answer" | sed -n 's/.* last written at \([^,]*\),.*/\1/p')
replay "monitor goto $place" "continue" "print value" "print state.victim" \
    "stepi" "print state.victim" "monitor last-write state+64 4" \
    "monitor last-change state+64 4" "monitor goto 1" "continue" \
    "monitor last-write state+64 4" "monitor last-change state+64 4"
has "$answer" '$1 = 750' "its place is before the instruction that writes"
has "$answer" '$2 = 1234
' "where the variable is as it was"
has "$answer" '$3 = 750' "until it is made"
has "$answer" "last written at $place" "it is found from there also"
has "$answer" "last changed at $place" "as the last change also"
is "$(printf '%s\n' "$answer" | grep -c '^Nothing has written there')" 2 \
    "and before it there is none"

# Marks, and copies there.
replay "monitor checkpoint" "break leave_trail if value == 100" "continue" \
    "monitor checkpoint" "monitor checkpoints" "continue" "monitor checkpoints"
has "$answer" "Checkpoint 1: 0" "places can be marked"
is "$(printf '%s\n' "$answer" | grep -c '^Checkpoint 2: [0-9]*:0x')" 3 \
    "and are listed"
is "$(printf '%s\n' "$answer" | grep -c ', asked for$')" 2 \
    "with a copy of the guest"

# A guest that computes long without events: copies of it are between them, and
# the way back to a write or a stop takes more.  Writes beside the variable are
# many.
rm -f "$log"
"$novillo" "--record=$log" "$guests/rewind.elf" 1000 20000 quiet \
    >"$scratch/recorded" 2>&1 </dev/null
replay "break look_at_it" "continue" "info registers rip" \
    "monitor last-write state+64 4" "monitor last-change state+64 4" \
    "monitor last-change state+60 4" "monitor last-write state+60 4" \
    "info registers rip" "reverse-stepi" "stepi" "info registers rip" \
    "break leave_trail if value % 300 == 0" "reverse-continue" "print value" \
    "reverse-continue" "print value" "reverse-continue" "print value" \
    "continue" "print value"
is "$(printf '%s\n' "$answer" | grep -c "became ee 02 00 00")" 2 \
    "without events the last write and the last change are found"
is "$(printf '%s\n' "$answer" | sed -n \
    's/.* last [a-z]* at \([^,]*\),.*e[ed] 02 .*/\1/p' | sort -u | wc -l)" 1 \
    "and are one place"
is "$(printf '%s\n' "$answer" | sed -n \
    's/.* last [a-z]* at \([^,]*\),.*df 03 00 00.$/\1/p' | sort -u | wc -l)" 1 \
    "also that of a variable that is often written"
same rip "the guest stays where it was"
is "$(printf '%s\n' "$answer" | sed -n 's/^\$[0-9]* = //p' | tr '\n' ' ')" \
    "900 600 300 600 " "and its stops are found from there"

rm -f "$log"
done_testing
