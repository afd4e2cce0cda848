# What the driver's compiler made and said, kept at the end, whatever came before.

most_bytes=$((48 << 20))  # of programs that are kept
most_loose=$((8 << 20))   # above which they are packed
most_of_log=$((6 << 20))  # bytes of the compiler's words in the report

# One line of JSON for each program that was compiled, as saddle wrote it to SADDLE_BUILD_LOG.
keep_builds() {
  : >"$work/messages"
  [[ -s $work/builds ]] || { not_run builds "no program was compiled, or this saddle keeps no log of it" && return; }
  local all kept why=''
  # A process that was stopped may have left half a line, on which the next one's follows.
  whole_lines "$work/builds" | sed '/.{"/d' >"$work/whole"
  head -c $most_of_log "$work/whole" >"$work/output"
  all=$(wc -l <"$work/whole") kept=$(whole_lines "$work/output" | wc -l)
  ((kept == all)) || why="the log of $((all - kept)) of $all programs is left out: more than $((most_of_log >> 20)) MiB"
  record builds done "$why" 0 "$(objects "$work/output")"
  awk '{ if (match($0, /"seconds" ?: ?[0-9.e+-]+/)) { v = substr($0, RSTART, RLENGTH); sub(/.*: ?/, "", v); sum += v } }
    END { printf "gpu-report: %d programs, compiled in %.1f s\n", NR, sum }' "$work/whole" >&2
}

# The driver's binaries (NVIDIA's are PTX, for ptxas and nvdisasm elsewhere) and the tuned tiles, beside the report. The
# first compiled come first: later ones are mostly tiles that a tuner only tried.
keep_programs() {
  local folder=${out%.json}.programs files file size total=0 raw=0 left=0 words
  mapfile -t files < <(ls -tr "$work"/cache/*.program "$work"/cache/tuning.json 2>/dev/null)
  ((${#files[@]})) || { not_run programs "the driver gave no programs to keep" && return; }
  [[ ! -e $folder && ! -e $folder.tar.gz ]] || { not_run programs "$folder exists" && return; }
  mkdir "$folder" || { not_run programs "$folder cannot be made" && return; }
  for file in "${files[@]}"; do
    size=$(stat --format=%s "$file")
    total=$((total + size))
    if ((raw + size > most_bytes)); then
      left=$((left + 1))
    else
      raw=$((raw + size))
      cp "$file" "$folder" || left=$((left + 1))
    fi
  done
  if ((raw > most_loose)) && tar -c -z -f "$folder.tar.gz" -C "$(dirname "$folder")" "$(basename "$folder")"; then
    rm -r "$folder"
    folder+=.tar.gz
  fi
  words=''
  ((left == 0)) ||
    words="$left of ${#files[@]} files are left out: they have $((total >> 20)) MiB, and $((most_bytes >> 20)) may be kept"
  : >"$work/messages"
  record programs done "$words" 0 "$(echo "${folder##*/}: $((${#files[@]} - left)) files, $((raw >> 10)) KiB" | strings)"
}
