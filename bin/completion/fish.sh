# SPDX-License-Identifier: BSD-2-Clause
#
# fish's completion of novillo.  The list at its end is made from options.def.

# The hypercalls and @classes.
function __novillo_calls
	printf '%s\n' @all @jit
	novillo --list 2>/dev/null | while read -l line
		set -l fields (string split -n ' ' -- $line)
		printf '%s\n' $fields[2] $fields[4..-1]
	end | sort -u
end

