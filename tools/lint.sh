#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Everything that reads the sources without running them. LINT_BUILD: a configured build (default build-test, made when
# missing); LINT_SECONDS: what clang-tidy may take (default 600).
set -uo pipefail
cd "$(dirname "$0")/.."
build=${LINT_BUILD:-build-test}
failed=0

step() {
  echo "lint: $1"
  shift
  "$@" || failed=1
}

[ -f "$build/CMakeCache.txt" ] || cmake --preset test >/dev/null || exit 1
cmake --preset lint >/dev/null || exit 1
mapfile -t sources < <(git ls-files '*.cc' '*.h')
step "format" clang-format --dry-run -Werror "${sources[@]}"
for check in layers sizes hygiene tests unity; do
  step "$check" python3 -B "tools/checks/check_$check.py"
done
cmake --build "$build" --target sterna_kernels >/dev/null || failed=1
step "symbols" python3 -B tools/checks/check_symbols.py "$build"
docs=()
[ -x "$build/sterna" ] && docs=(--sterna "$build/sterna")
step "documents" python3 -B tools/checks/check_docs.py "${docs[@]}"
cmake --build build-lint --target sterna_page_files >/dev/null || failed=1
step "clang-tidy" python3 -B tools/checks/run_clang_tidy.py build-lint --seconds "${LINT_SECONDS:-600}"
[ "$failed" = 0 ] && echo "lint: ok"
exit "$failed"
