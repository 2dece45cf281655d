#!/bin/bash
# Builds libssh2 >= 1.11 into .deps/libssh2: Debian trixie's source package with Debian's own patches and those in
# engine/ssh/libssh2-patches (by which ciphers cost a third), statically. Where the source cannot be had, the system's library does if it
# is new enough.
#
# The mirror is the one that this machine's apt uses; apt verifies the archive's signatures as for any other package. Apt's state for
# it is private, so that the system's own sources and lists stay as they are. Nothing is done when the library is there already and was
# built from the same recipe, which the patches are part of.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
deps=$root/.deps out=$root/.deps/libssh2
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
shopt -s nullglob
patches=("$root"/engine/ssh/libssh2-patches/*.patch)

recipe=$(cat "${BASH_SOURCE[0]}" "${patches[@]}" /dev/null | sha256sum | cut -c1-40)
[[ -e $out/lib/libssh2.a && $(cat "$out/recipe" 2>/dev/null) == "$recipe" ]] && exit 0

no_source() { # WHY
  local system
  system=$(dpkg-query -W -f '${db:Status-Abbrev}${Version}' libssh2-1-dev 2>/dev/null || true)
  if [[ $system != ii* ]] || ! dpkg --compare-versions "${system#ii }" ge 1.11; then fail "$1"; fi
  warn "$1; using the system's libssh2 ${system#ii }, with which ciphers cost three times as much"
  rm -rf "$out"  # it would be found first
  exit 0
}

. "$root/tools/apt_mirror.sh"
find_mirrors || no_source "apt on this machine has no source for Debian's main, so libssh2's newer source package cannot be had"
main=$main_mirror security=$security_mirror
[[ -e $keyring ]] || no_source "$keyring is missing (install debian-archive-keyring), so libssh2's newer source package cannot be had"

mkdir -p "$deps"
work=$(mktemp -d "$deps/libssh2-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/apt/{lists/partial,archives/partial}
echo "deb-src [signed-by=$keyring] $main trixie main" >"$work/apt/sources.list"
[[ -z $security ]] || echo "deb-src [signed-by=$keyring] $security trixie-security main" >>"$work/apt/sources.list"
apt=(apt-get -q -o "Dir::Etc::SourceList=$work/apt/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$work/apt/lists"
  -o "Dir::Cache=$work/apt" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root
  -o Acquire::Languages=none -o Acquire::Retries=3)
step "libssh2: getting Debian trixie's source package"
log=$work/log
run() { "$@" >>"$log" 2>&1 || { tail -n 40 "$log" >&2; fail "libssh2: $1 failed, see above"; }; }
cd "$work"
dsc=''
if "${apt[@]}" update >>"$log" 2>&1 && "${apt[@]}" source --download-only libssh2 >>"$log" 2>&1; then dsc=$(echo "$work"/libssh2_*.dsc); fi
if [[ ! -e $dsc ]]; then
  tail -n 40 "$log" >&2
  no_source "libssh2: apt brought no source package, see above"
fi
version=$(basename "$dsc" .dsc)
version=${version#libssh2_}
dpkg --compare-versions "$version" ge 1.11 || fail "libssh2: trixie's source package is $version, 1.11 is needed"
run dpkg-source --no-check -x "$dsc" "$work/src"  # apt has verified it
for patch in "${patches[@]}"; do run patch -d "$work/src" -p1 --fuzz=0 -i "$patch"; done

step "libssh2: building $version${patches:+ with ${#patches[@]} patches of our own}"
run cmake -S "$work/src" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$work/installed" \
  -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF -DBUILD_STATIC_LIBS=ON \
  -DBUILD_EXAMPLES=OFF -DBUILD_TESTING=OFF -DCRYPTO_BACKEND=OpenSSL -DENABLE_ZLIB_COMPRESSION=ON
run cmake --build "$work/build"
run cmake --install "$work/build"
echo "$recipe" >"$work/installed/recipe"
rm -rf "$out"
mv "$work/installed" "$out"
good "libssh2 $version is in .deps/libssh2"
