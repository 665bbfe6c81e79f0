#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs every libFuzzer executable of a folder, one after the other, from its seeds in fuzz/corpus/NAME (NAME_fuzzer).
#   tools/run_fuzzers.sh FOLDER SECONDS
# New inputs and findings go to FOLDER/NAME/; the seeds stay as they are. Ends with exit 1 when one found something.
set -uo pipefail
folder=$1
seconds=$2
source_root=$(cd "$(dirname "$0")/.." && pwd)
failed=()
found=0

for fuzzer in "$folder"/*_fuzzer; do
  [ -x "$fuzzer" ] || continue
  found=1
  name=$(basename "$fuzzer" _fuzzer)
  work="$folder/$name"
  mkdir -p "$work/corpus"
  seeds=()
  [ -d "$source_root/fuzz/corpus/$name" ] && seeds=("$source_root/fuzz/corpus/$name")
  echo "fuzz: $name for $seconds s, $(find "${seeds[@]}" -type f 2>/dev/null | wc -l) seeds"
  if ! "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$work/" "$work/corpus" "${seeds[@]}" </dev/null >"$work/log.txt" 2>&1; then
    failed+=("$name")
    tail -n 40 "$work/log.txt"
    echo "fuzz: $name FAILED; the input is in $work/"
  else
    grep -E 'number_of_executed_units|new_units_added' "$work/log.txt" | sed 's/^/  /'
  fi
done

if [ "$found" = 0 ]; then
  echo "fuzz: no fuzzer in $folder" >&2
  exit 1
fi
if [ "${#failed[@]}" -gt 0 ]; then
  echo "fuzz: FAILED: ${failed[*]}; inputs in base64:"
  for name in "${failed[@]}"; do
    for input in "$folder/$name"/{crash,leak,oom,slow-unit,timeout}-*; do
      [ -f "$input" ] && echo "fuzz: $name ${input##*/} $(head -c 3000 "$input" | base64 -w 0)"
    done
  done
  exit 1
fi
