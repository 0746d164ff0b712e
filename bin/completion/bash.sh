# SPDX-License-Identifier: BSD-2-Clause
#
# bash's completion of novillo.  The lists at its end are made from options.def.

# The hypercalls and @classes.
_novillo_calls()
{
	local name classes

	echo @all @jit
	"${COMP_WORDS[0]}" --list 2>/dev/null | while read -r _ name _ classes; do
		echo "$name $classes"
	done | tr ' ' '\n' | sort -u
}

# _novillo_words HEAD CURRENT OPTION...: what compgen makes of CURRENT, each
# after HEAD.
_novillo_words()
{
	local head=$1 current=$2

	shift 2
	mapfile -t COMPREPLY < <(compgen -P "$head" "$@" -- "$current")
}

# _novillo_value HEAD KIND CURRENT: complete a value that follows HEAD.
_novillo_value()
{
	local head=$1 kind=$2 current=$3

	case $kind in
	CALLS)
		case $current in
		*,*) head=$head${current%,*}, current=${current##*,} ;;
		esac
		case $current in
		-*) head=$head- current=${current#-} ;;
		esac
		_novillo_words "$head" "$current" -W "$(_novillo_calls)"
		;;
	FILE) _novillo_words "$head" "$current" -f ;;
	FOLDER) _novillo_words "$head" "$current" -d ;;
	COMMAND) _novillo_words "$head" "$current" -c ;;
	*) _novillo_words "$head" "$current" -W "$kind" ;;
	esac
	case $kind in
	FILE | FOLDER) compopt -o filenames 2>/dev/null ;;
	CALLS) compopt -o nospace 2>/dev/null ;;
	esac
}

# The index of GUEST in COMP_WORDS, or nothing.  bash makes words of their own
# of = and :.
_novillo_guest()
{
	local i

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-?*) _novillo_takes_word "${COMP_WORDS[i]}" &&
		    [[ ${COMP_WORDS[i + 1]} != = ]] && i=$((i + 1)) ;;
		*)
			echo "$i"
			return
			;;
		esac
		while [[ $((i + 1)) -lt $COMP_CWORD &&
		    ${COMP_WORDS[i + 1]} == [=:] ]]; do
			i=$((i + 2))
		done
	done
}

_novillo()
{
	local current=${COMP_WORDS[COMP_CWORD]}
	local last=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	if [[ -n $(_novillo_guest) ]]; then
		_novillo_value '' FILE "$current"
	elif [[ $current == = ]]; then
		_novillo_value '' "$(_novillo_kind "$last")" ''
	elif [[ $last == = ]]; then
		_novillo_value '' \
		    "$(_novillo_kind "${COMP_WORDS[COMP_CWORD - 2]}")" "$current"
	elif _novillo_takes_word "$last"; then
		_novillo_value '' "$(_novillo_kind "$last")" "$current"
	elif [[ $current == -[!-]?* ]]; then
		_novillo_value "${current:0:2}" \
		    "$(_novillo_kind "${current:0:2}")" "${current:2}"
	elif [[ $current == -* ]]; then
		_novillo_words '' "$current" -W "$_novillo_options"
		[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
	else
		_novillo_words '' "$current" -c -f
		compopt -o filenames 2>/dev/null
	fi
	return 0
}

