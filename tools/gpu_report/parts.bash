# Parts: commands with a limit each, of which one that fails, hangs or dies leaves a sentence and the rows that it had.

longest=520 # seconds that all parts together may take
failures=0
interrupted=''
running=''
only=() # words: parts whose names hold none of them are left out

# The limits take so many percent of their time in tests.
pace=${GPU_REPORT_PACE:-100}
paced() { printf '%d.%02d' $(($1 * pace / 100)) $(($1 * pace % 100)); } # SECONDS

milliseconds() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# Writes down a part that has not run, or how it ended.
record() { # NAME STATUS REASON MILLISECONDS RESULT [COMMAND ...]
  local number=("$work"/parts/*) seconds
  printf -v seconds '%d.%d' $(($4 / 1000)) $(($4 % 1000 / 100))
  {
    printf '{"name": %s, "status": %s, "reason": %s, "seconds": %s,\n' \
      "$(string "$1")" "$(string "$2")" "$(string "$3")" "$seconds"
    printf '"command": %s, "messages": %s,\n' "$(string "${*:6}")" "$(tail -60 "$work/messages" | strings)"
    printf '"result": %s}' "$5"
  } >"$work/parts/$(printf %03d ${#number[@]})"
  [[ $2 != failed ]] || failures=$((failures + 1))
  tell "$1: $2${3:+: $3} ($seconds s)"
  write_report
}

not_run() { # NAME REASON
  : >"$work/messages"
  record "$1" "not run" "$2" 0 null
}

# The first sentence of what went wrong, in the command's own words. A first line that ends in a colon has its second;
# of a check's summaries, one for each tile, it is the first that is not of all its rows.
own_words() {
  local words
  words=$(LC_ALL=C awk '
    /^Error: / { words = substr($0, 8); open = /:$/; next }
    open { words = words " " $0; open = 0 }
    END { sub(/ with -.*/, "", words); print words }' "$work/messages" | plain)
  [[ $words ]] || words=$(LC_ALL=C awk '/^[0-9]+ of [0-9]+ rows/ && $1 != $3 && !found++' "$work/output" | plain)
  [[ $words ]] || words=$(tail -1 "$work/output" | plain)
  [[ $words && $words != *[][{}] ]] || words=$(grep --text . "$work/messages" | tail -1 | plain) || true
  sed -e 's/\. [A-Z].*//; s/[.: ]*$//' <<<"${words:0:300}"
}

# What a part had come to.
last_row() {
  local row
  row=$(whole_lines "$work/output" | tail -1 | plain | sed -E 's/^\{.*"name": ?"([^"]*)".*/\1/; s/^\{.*//; s/[.: ]*$//')
  [[ ! $row ]] || echo ", after: ${row:0:120}"
}

# Why a command ended as it did.
reason() { # STATUS MILLISECONDS LIMIT
  local said
  if [[ $interrupted ]]; then
    echo "interrupted$(last_row)"
  elif (($1 == 124 || ($1 == 137 && $2 >= $3 * pace * 10))); then
    echo "stopped at its limit of $3 s$(last_row)"
  elif (($1 > 128)); then
    echo "ended by signal $(($1 - 128)) ($(kill -l $(($1 - 128))))$(last_row)"
  elif [[ $lacking ]] && grep --quiet --text "could not compile" "$work/messages"; then
    echo "$lacking"
  else
    said=$(own_words)
    echo "${said:-it returned $1 and said nothing}"
  fi
}

wanted() { # NAME
  local word
  [[ $1 != "first build" ]] && ((${#only[@]})) || return 0 # it says what the device is
  for word in "${only[@]}"; do [[ $1 != *"$word"* ]] || return 0; done
  return 1
}

# Runs a command with a limit and writes down what came of it. FORMAT says what it prints: text, json, or lines of json,
# of which a command that fails leaves those that it had.
part() { # NAME SECONDS FORMAT COMMAND ...
  local name=$1 limit=$2 format=$3 status=0 start left=$((longest - SECONDS)) result why='' verdict=done
  shift 3
  wanted "$name" || { not_run "$name" "--only leaves it out" && return; }
  [[ ! $interrupted ]] || { not_run "$name" "interrupted before it" && return; }
  ((left >= limit)) || limit=$left
  ((limit >= 5)) || { not_run "$name" "no time was left" && return; }
  tell "$name ..."
  start=$(milliseconds)
  # In the background, so that a signal need not wait for it. timeout ends it with all that it started.
  timeout --kill-after="$(paced 3)" "$(paced "$limit")" "$@" </dev/null >"$work/output" 2>"$work/messages" &
  running=$!
  wait $running 2>/dev/null || status=$?
  while kill -0 $running 2>/dev/null; do # a signal of ours ends the first wait
    status=0
    wait $running 2>/dev/null || status=$?
  done
  # What it started may outlive it: saddle saves when it is asked to end, and a hung one never gets there.
  kill -KILL -- -$running 2>/dev/null || true
  running=''
  local taken=$(($(milliseconds) - start))
  case $format in
    text) result=$(whole_lines "$work/output" | strings) ;;
    lines) result=$(objects "$work/output") ;;
    json) result=$(object "$work/output") && { [[ $result != null ]] || ((status)) || status=1; } ;;
  esac
  ((status == 0)) || { verdict=failed && why=$(reason $status $taken "$limit"); }
  # Python's way to say that there is nothing to measure.
  [[ $format != lines || $status != 3 ]] || verdict="not run"
  record "$name" "$verdict" "$why" $taken "$result" "${@/#$work\//}"
}

# The part that runs is stopped, the others are left out, and the report is finished.
interrupt() {
  interrupted=yes
  [[ ! $running ]] || kill "$running" 2>/dev/null || true
}
