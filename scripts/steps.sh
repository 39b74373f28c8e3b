#!/bin/bash
# steps.sh: steps that fail alone, each with a limit of its own and all with one; what they said and how they ended is on disk as soon
# as it is known. For bash to source.
#
#   steps_begin OUT SECONDS [TIMES] from now on everything has SECONDS; each step TIMES as long as it says
#   step NAME SECONDS COMMAND...    COMMAND may be a function. Status 77: it is passed over, its last line says why
#   pass_over NAME WHY
#   steps_end                       prints the summary; status 0: none has failed
#
# OUT/log.txt has what the steps said, OUT/running.txt what the step at hand says, OUT/summary.txt and summary.json a line or an object
# for each, with the lines of the step's that begin with "figure: ". Few files, so that they are easily fetched. Steps that
# BERG_CHECK_WITHOUT names are passed over.
export LC_ALL=C

steps_begin() {
  local now
  steps_now
  steps_out=$1 steps_from=$now steps_until=$((now + 1000 * $2)) steps_times=${3:-1}
  steps_passed=0 steps_failed=0 steps_over=0 steps_json="" steps_text="" steps_pid=""
  trap '[ -z "$steps_pid" ] || steps_stop "$steps_pid"; exit 130' INT TERM
  mkdir -p "$steps_out" || exit 1
  rm -f "$steps_out"/running.txt "$steps_out"/log.txt
  steps_write false
}

# Milliseconds, into `now`.
steps_now() { now=$((${EPOCHREALTIME/./} / 1000)); }

# Ends a step's whole group of processes; one that the kernel does not let end is left behind.
steps_stop() {
  local pid=$1 signal tenth
  for signal in TERM KILL; do
    kill "-$signal" -- "-$pid" 2>/dev/null
    for ((tenth = 0; tenth < 50; tenth++)); do
      kill -0 "$pid" 2>/dev/null || return 0
      sleep 0.1
    done
  done
  echo "steps: process $pid does not end and is left behind"
}

# Status 124: stopped after so many seconds.
steps_within() {
  local now steps_limit steps_status
  steps_now
  steps_limit=$((now + 1000 * $1))
  shift
  set -m # a group of its own
  "$@" </dev/null &
  steps_pid=$!
  set +m
  while kill -0 "$steps_pid" 2>/dev/null; do
    steps_now
    if ((now > steps_limit)); then
      steps_stop "$steps_pid"
      return 124
    fi
    sleep 0.1
  done
  wait "$steps_pid"
  steps_status=$?
  kill -KILL -- "-$steps_pid" 2>/dev/null # what it has left running
  steps_pid=""
  return $steps_status
}

# A text between quotes.
steps_quote() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "${text//[[:cntrl:]]/ }"
}

# steps_write ENDED: both summaries, whole at any time.
steps_write() {
  local now seconds
  steps_now
  seconds=$(((now - steps_from) / 1000))
  printf '{"ended": %s, "seconds": %d, "passed": %d, "failed": %d, "passed_over": %d, "steps": [%s\n]}\n' \
    "$1" "$seconds" "$steps_passed" "$steps_failed" "$steps_over" "$steps_json" \
    >"$steps_out/.summary" && mv "$steps_out/.summary" "$steps_out/summary.json"
  printf '%s%s after %d s: %d passed, %d failed, %d passed over\n' "$steps_text" \
    "$([ "$1" = true ] && echo ended || echo "not ended")" "$seconds" "$steps_passed" "$steps_failed" "$steps_over" \
    >"$steps_out/.summary" && mv "$steps_out/.summary" "$steps_out/summary.txt"
}

# steps_note NAME RESULT MILLISECONDS WHY FIGURES
steps_note() {
  local name=$1 result=$2 passed=$3 why=$4 figures=$5 line figure list=""
  while IFS= read -r figure; do
    [ -z "$figure" ] || list="$list${list:+, }$(steps_quote "$figure")"
  done <<<"$figures"
  steps_json="$steps_json${steps_json:+,}
  {\"name\": $(steps_quote "$name"), \"result\": \"$result\", \"seconds\": $((passed / 1000)).$(printf %03d $((passed % 1000))), \
\"why\": $(steps_quote "$why"), \"figures\": [$list]}"
  printf -v line '%-26s %-11s %6d.%d s  %s' "$name" "$result" $((passed / 1000)) $((passed % 1000 / 100)) "$why"
  steps_text="$steps_text$line"$'\n'
  echo "$line"
  while IFS= read -r figure; do
    [ -z "$figure" ] || steps_text="$steps_text      $figure"$'\n'
    [ -z "$figure" ] || echo "      $figure"
  done <<<"$figures"
  case $result in
  passed) steps_passed=$((steps_passed + 1)) ;;
  failed) steps_failed=$((steps_failed + 1)) ;;
  *) steps_over=$((steps_over + 1)) ;;
  esac
  steps_write false
}

# What is local here would hide variables of the same name from COMMAND, so it has names of its own.
step() {
  local step_name=$1 step_limit=$(($2 * steps_times)) step_log=$steps_out/running.txt step_from step_left step_status step_result=failed
  local step_why="" now
  shift 2
  steps_now
  step_from=$now step_left=$(((steps_until - now) / 1000))
  if [[ " ${BERG_CHECK_WITHOUT:-} " == *" $step_name "* ]]; then
    pass_over "$step_name" "as BERG_CHECK_WITHOUT says"
    return 1
  fi
  if ((step_left < 3)); then
    pass_over "$step_name" "no time was left"
    return 1
  fi
  ((step_limit <= step_left)) || step_limit=$step_left
  steps_within "$step_limit" "$@" >"$step_log" 2>&1
  step_status=$?
  steps_now
  case $step_status in
  0) step_result=passed ;;
  77) step_result="passed over" step_why=$(tail -n 1 "$step_log") ;;
  124) step_why="stopped after $step_limit s" ;;
  127) step_why="status 127: $(tail -n 1 "$step_log")" ;;
  *) step_why="status $step_status" ;;
  esac
  {
    echo "===== $step_name: $step_result, $((now - step_from)) ms${step_why:+, $step_why}"
    cat "$step_log"
  } >>"$steps_out/log.txt"
  steps_note "$step_name" "$step_result" $((now - step_from)) "$step_why" "$(sed -n 's/^figure: //p' "$step_log")"
  [ "$step_result" != failed ] || tail -n 12 "$step_log" | sed 's/^/    | /'
  rm -f "$step_log"
  return "$step_status"
}

pass_over() { steps_note "$1" "passed over" 0 "$2" ""; }

steps_end() {
  steps_write true
  echo
  cat "$steps_out/summary.txt"
  ((steps_failed == 0))
}
