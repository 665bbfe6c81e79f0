#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs the Debian packages that Sterna needs, as far as they are missing, and says what it does.
#   tools/bootstrap.sh GROUP...      groups: build, test, serve, bench, lint, fuzz, peers, cross, package, test-package
# Nothing is removed and nothing is upgraded. Works as root or through sudo.
set -euo pipefail

packages_of() {
  case "$1" in
    build) echo "make cmake g++ ninja-build pkg-config libfmt-dev libspdlog-dev libcli11-dev nlohmann-json3-dev libedit-dev libxxhash-dev libtomlplusplus-dev libcurl4-openssl-dev libssl-dev libboost-dev" ;;
    test) echo "libgtest-dev libgmock-dev libbenchmark-dev libsimde-dev openssl dpkg-dev file python3 python3-pip zsh fish" ;;
    serve) echo "haproxy prometheus chromium python3-venv" ;;
    bench) echo "libbenchmark-dev python3" ;;
    lint) echo "clang-format clang-tidy python3 binutils git" ;;
    fuzz) echo "clang libclang-rt-dev" ;;
    peers) echo "python3 python3-venv git cmake g++" ;;
    package) echo "dpkg-dev file help2man" ;;
    test-package) echo "curl debootstrap lintian" ;;
    cross) echo "g++-aarch64-linux-gnu qemu-user googletest" ;;
    *)
      echo "bootstrap: no such group: $1; groups are build, test, serve, bench, lint, fuzz, peers, cross, package, test-package" >&2
      return 2
      ;;
  esac
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@" </dev/null
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

[ $# -gt 0 ] || set -- build
wanted=""
for group in "$@"; do
  wanted="$wanted $(packages_of "$group")" || exit 2
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "bootstrap: this is no Debian system, so nothing was installed; Sterna needs what these packages hold:$wanted" >&2
  exit 0
fi

missing=""
for package in $wanted; do
  installed "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo "bootstrap: everything for '$*' is installed"
  exit 0
fi
if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
  echo "bootstrap: these packages are missing and there is no sudo; run as root: apt-get install --no-remove$missing" >&2
  exit 1
fi

echo "bootstrap: installing$missing"
if ! as_root apt-get update -qq; then
  echo "bootstrap: the package lists could not be fetched: is there a network?" >&2
  exit 1
fi
# shellcheck disable=SC2086  # a list of words
if ! as_root apt-get install -y -qq --no-install-recommends --no-remove $missing; then
  echo "bootstrap: apt-get could not install$missing; see its message above" >&2
  exit 1
fi
echo "bootstrap: done"
