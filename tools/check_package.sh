#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Looks at what `make package` made as a stranger would: lintian reads the .deb; then it is installed into a fresh, minimal
# Debian 12 (debootstrap), asked there, changed, removed, and the archive is unpacked beside it. Needs root and a network.
#   tools/check_package.sh FOLDER      MIRROR=http://deb.debian.org/debian
set -euo pipefail

packages=${1:?usage: tools/check_package.sh FOLDER}
mirror=${MIRROR:-http://deb.debian.org/debian}
deb=$(ls "$packages"/sterna_*.deb)
archive=$(ls "$packages"/sterna-*-linux-*.tar.gz)
[ "$(id -u)" = 0 ] || { echo "check_package: debootstrap and chroot need root; run with sudo" >&2; exit 1; }

say() { echo "check_package: $*"; }

say "lintian"
# A changelog of Debian's and a bug number belong to packages that Debian itself makes.
lintian --allow-root --fail-on error --suppress-tags no-changelog,initial-upload-closes-no-bugs "$deb"

root=$(mktemp -d)
server=""
clean() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  mountpoint -q "$root/proc" && umount "$root/proc"
  rm -rf "$root"
}
trap clean EXIT

say "a fresh Debian from $mirror"
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$packages/debootstrap.log" ||
  { tail "$packages/debootstrap.log"; exit 1; }
mount -t proc proc "$root/proc"
cp "$deb" "$root/tmp/sterna.deb"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp DEBIAN_FRONTEND=noninteractive "$@"; }

# asks WORDS...: starts `sterna serve` as the package's user with them in front, and asks it.
asks() {
  local log=$root/tmp/serve.log
  : >"$log"
  chroot --userspec=sterna:sterna "$root" env -i PATH=/usr/bin HOME=/tmp "$@" serve --port 0 2>"$log" &
  server=$!
  until grep -q '^listening on ' "$log"; do
    kill -0 "$server" || { cat "$log"; return 1; }
    sleep 0.1
  done
  curl -fsS --retry 3 "$(sed -n 's/^listening on //p' "$log")/v1/completions" -d '{"prompt": "A sparrow is", "max_tokens": 4}' |
    grep '"text"'
  kill "$server"
  wait "$server"
  server=""
}

say "install"
inside apt-get -o APT::Sandbox::User=root update -qq
inside apt-get -o APT::Sandbox::User=root install -y -qq --no-install-recommends /tmp/sterna.deb >"$packages/install.log" 2>&1 ||
  { tail "$packages/install.log"; exit 1; }
inside sterna --version
inside sterna run -p "What is a sparrow?" --temp 0 | grep bird
inside getent passwd sterna
inside test -r /lib/systemd/system/sterna.service
asks sterna
[ -z "$(inside dpkg --verify sterna)" ]

say "an administrator's settings outlive a second installation"
echo "STERNA_SERVE_FLAGS=--port 1234" >"$root/etc/sterna/serve.env"
inside dpkg -i --force-confold /tmp/sterna.deb >/dev/null
grep -q 1234 "$root/etc/sterna/serve.env"

say "the archive"
mkdir "$root/srv/archive"
tar -xzf "$archive" -C "$root/srv/archive" --strip-components=1
inside /srv/archive/bin/sterna run -p "What is a sparrow?" --temp 0 | grep bird
asks /srv/archive/bin/sterna

say "remove and purge"
inside dpkg --purge sterna >/dev/null
inside test ! -e /usr/bin/sterna -a ! -e /etc/sterna -a ! -e /usr/share/sterna

say "ok"
