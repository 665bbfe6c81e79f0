#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fetches into FOLDER the Python packages of other people that tests of the server use: OpenAI's client, schemathesis and
# Playwright, from PyPI. Tests find them with PYTHONPATH=FOLDER. Without a network the tests that need them are skipped, so failing to
# fetch is no error: the script says so.
#   tools/fetch_test_clients.sh FOLDER
set -uo pipefail
folder=$1
[ -d "$folder" ] && exit 0
mkdir -p "$(dirname "$folder")"
if ! timeout 300 python3 -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --target "$folder.part" \
  'openai>=3,<4' 'schemathesis>=4,<5' 'playwright>=1.40,<2' </dev/null >"$folder.log" 2>&1; then
  echo "test clients: not fetched, their tests will be skipped ($(tail -n 1 "$folder.log"))" >&2
  rm -rf "$folder.part"
  exit 0
fi
mv "$folder.part" "$folder"
