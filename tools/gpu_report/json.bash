# The report as JSON, by tools that every machine has.

# The standard input without what is no UTF-8 and no text.
plain() { { iconv -c -f UTF-8 -t UTF-8 || true; } | LC_ALL=C tr -d '\000-\010\013-\037\177'; }

# Each line of the standard input as a string, in an array.
strings() {
  printf '['
  plain |
    sed -e 's/\\/\\\\/g; s/"/\\"/g; s/\t/\\t/g; s/.*/"&"/' | paste --serial --delimiters=,
  printf ']'
}

# A text as one string; what is no ASCII is looked at by others.
string() {
  local text=$* LC_ALL=C
  [[ $text != *[$'\x80'-$'\xff']* ]] || text=$(plain <<<"$text")
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "${text//[[:cntrl:]]/ }"
}

# The whole lines of a file: a command that was stopped may have written half a last one.
whole_lines() { # FILE
  if [[ -z $(tail -c 1 "$1" | tr -d '\0') ]]; then cat "$1"; else head -n -1 "$1"; fi
}

# The objects among a file's lines, in an array.
objects() { # FILE
  printf '[%s]' "$(whole_lines "$1" | { grep --text '^{.*}$' || true; } | paste --serial --delimiters=,)"
}

# A file that is one object, over one line or many; null where it is not, or not all of it.
object() { # FILE
  local last
  last=$(whole_lines "$1" | tail -1)
  if [[ $(head -c 1 "$1" | tr -d '\0') == '{' && ($last == '}' || ($last == '{'*'}' && $(wc -l <"$1") == 1)) ]]; then
    cat "$1"
  else
    printf null
  fi
}

# The document, as far as it is known.
write_report() {
  {
    printf '{"format": 1,\n"date": %s,\n"facts": {' "$(string "$date")"
    cat "$work/facts"
    printf '},\n"parts": ['
    local comma='' part
    for part in "$work"/parts/*; do
      printf '%s\n' "$comma" && cat "$part"
      comma=,
    done
    printf ']}\n'
  } >"$work/report" && cat "$work/report" >"$out"
}

# Adds what a command prints to the facts, line by line; nothing where it fails.
fact() { # NAME COMMAND ...
  local comma=''
  [[ ! -s $work/facts ]] || comma=,
  { timeout --kill-after=1 "$(paced 10)" "${@:2}" 2>/dev/null || true; } >"$work/fact"
  printf '%s\n%s: %s' "$comma" "$(string "$1")" "$(strings <"$work/fact")" >>"$work/facts"
}
