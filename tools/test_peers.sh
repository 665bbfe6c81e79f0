#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# By hand, not in CI: makes every golden anew from Hugging Face and the reference packages (tests/data must come out as it
# is committed), then runs tiny models in llama.cpp beside the oracle. Downloads some gigabytes from PyPI into
# build-peers/ and compiles llama.cpp there; about an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=build-peers/venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet -r tools/goldens/requirements.txt

for script in make_quant_goldens make_tokenizer_goldens make_model_goldens; do
  echo "=== $script"
  "$venv/bin/python" "tools/goldens/$script.py"
done
git --no-pager diff --stat --exit-code tests/data || {
  echo "test_peers: error: goldens changed (above); see whether a package's new version or a script's change did it" >&2
  exit 1
}

echo "=== llama.cpp"
"$venv/bin/pip" install --quiet llama-cpp-python==0.3.36
"$venv/bin/python" tools/goldens/compare_llama_cpp.py
