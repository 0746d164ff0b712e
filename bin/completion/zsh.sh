#compdef novillo
# SPDX-License-Identifier: BSD-2-Clause
#
# zsh's completion of novillo.  The list at its end is made from options.def.

# A list of hypercalls and @classes, each perhaps after a minus.
_novillo_calls()
{
	local -a calls

	calls=(@all @jit $(${words[1]} --list 2>/dev/null |
	    while read -r _ name _ classes; do
		print -r -- $name $=classes
	done))
	compset -P '*,'
	compset -P '-'
	_describe -o call calls
}

