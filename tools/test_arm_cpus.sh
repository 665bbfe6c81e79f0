#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs tests of a 64-bit ARM build under qemu-user on three CPUs: one with plain NEON alone, one with the dot product,
# one with everything. Fails unless each CPU ran the kernel tables that it can run.
#   tools/test_arm_cpus.sh BUILD [TEST...]      TEST: paths below BUILD/tests; kernel_tables_test always runs
set -uo pipefail
build=$1
shift
failed=0

# cpu CPU TABLES: the tables that kernel_tables_test must say it executed, fastest first.
cpu() {
  local cpu=$1 tables=$2 begin=$SECONDS log executed
  for test in unit/kernels/kernel_tables_test "${@:3}"; do
    log=$build/$(basename "$test")-$cpu.txt
    if ! timeout 600 qemu-aarch64 -cpu "$cpu" -L /usr/aarch64-linux-gnu "$build/tests/$test" >"$log" 2>&1; then
      grep -E 'FAILED|Failure|rror' "$log" | head -n 40
      echo "arm: $test FAILED on $cpu; all of it: $log"
      failed=1
    fi
    [ "$test" = unit/kernels/kernel_tables_test ] || continue
    executed=$(sed -n 's/^kernel tables executed: \([^;]*\).*/\1/p' "$log" | sort -u)
    if [ "$executed" != "$tables" ]; then
      echo "arm: $cpu executed '$executed', not '$tables'"
      failed=1
    fi
  done
  echo "arm: $cpu: tables $executed; $((SECONDS - begin)) s"
}

cpu cortex-a53 "neon scalar" "$@"
cpu neoverse-n1 "neon_dotprod neon scalar" "$@"
cpu max "neon_i8mm neon_dotprod neon scalar" "$@"
exit "$failed"
