#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/check_openapi.sh URL [EXAMPLES]: asks a running `sterna serve` all that its OpenAPI document allows, and much that it
# does not: nothing may end in a status of 5xx or take a minute. Needs schemathesis 4 (pip install schemathesis). A small
# random model finds as much as a large one:
#   sterna serve -m tiny.gguf -c 256 --port 8080 & tools/check_openapi.sh http://127.0.0.1:8080 500
set -eu
[ $# -ge 1 ] || { echo "usage: $0 URL [EXAMPLES]" >&2; exit 2; }
exec "${PYTHON:-python3}" -m schemathesis.cli run "$1/openapi.json" --checks not_a_server_error \
  --max-examples "${2:-100}" --request-timeout 60 --seed 1 --no-color
