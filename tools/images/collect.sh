#!/bin/bash
# Lays out what goes into the images, on the machine (or in the stage) where the programs were built: collect.sh PROGRAMS OUT
#
# OUT/engine/      borg-engine, and in usr/share/borg-operator/packages the Debian packages that it needs to run
# OUT/controller/  a root file system: borg-operator, every library that it loads, time zones, certificates, and dpkg's record of each package
#                  that something is from, as scanners look for it where there is no dpkg (var/lib/dpkg/status.d)
# In both, usr/share/borg-operator/linked lists what is linked into the programs: "NAME VERSION" lines.
set -euo pipefail
programs=$1 out=$2
rm -rf "$out"
mkdir -p "$out"/engine/usr/{bin,share/borg-operator} "$out"/controller/{tmp,etc/ssl/certs,usr/{bin,lib,share/borg-operator},var/lib/dpkg/status.d}

libraries() { ldd "$1" | grep -oE '/[^ ]+'; } # PROGRAM
package_of() { # FILE: dpkg knows it by the name with or without /usr
  local name
  name=$(dpkg-query -S "$1" "/usr$1" "${1#/usr}" "$(readlink -f "$1")" 2>/dev/null | grep -v '^diversion ' | head -n 1) || true
  [[ -n $name ]] || { echo "no package has $1" >&2; return 1; }
  echo "${name%%:*}"
}
packages_of() { # FILE…
  local file
  for file in "$@"; do package_of "$file"; done | sort -u
}

install -s -m 755 "$programs/borg-engine" "$out/engine/usr/bin/"
mapfile -t loaded < <(libraries "$programs/borg-engine")
packages_of "${loaded[@]}" >"$out/engine/usr/share/borg-operator/packages"

root=$out/controller
install -s -m 755 "$programs/borg-operator" "$root/usr/bin/"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
mapfile -t loaded < <(libraries "$programs/borg-operator")
for file in "${loaded[@]}"; do
  to=$file
  [[ $to == /usr/* ]] || to=/usr$to
  mkdir -p "$root$(dirname "$to")"
  cp -L "$file" "$root$to"
done
mkdir -p "$root/usr/lib64"
cp -r /usr/share/zoneinfo "$root/usr/share/"
rm -rf "$root"/usr/share/zoneinfo/{posix,right,localtime}
[[ ! -e /etc/ssl/certs/ca-certificates.crt ]] || cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo 'borg-operator:x:65532:65532::/tmp:/usr/sbin/nologin' >"$root/etc/passwd"
echo 'borg-operator:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
{ packages_of "${loaded[@]}"; echo tzdata; [[ ! -e /etc/ssl/certs/ca-certificates.crt ]] || echo ca-certificates; } | sort -u | while read -r package; do
  dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
  install -D -m 644 "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright" 2>/dev/null || true
done

# Headers leave no trace that a scanner finds, nor does a static library.
for package in libssh2-1-dev libcli11-dev libexpected-dev libmsgpack-cxx-dev libspdlog-dev libtomlplusplus-dev nlohmann-json3-dev; do
  version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) || version=''
  if [[ $package == libssh2-1-dev ]]; then
    own=$(sed -n 's/^#define LIBSSH2_VERSION *"\(.*\)"/\1/p' "$(dirname "${BASH_SOURCE[0]}")/../../.deps/libssh2/include/libssh2.h" 2>/dev/null) || true
    version=${own:-$version}
  fi
  [[ -z $version ]] || echo "${package%-dev} $version"
done | tee "$out/engine/usr/share/borg-operator/linked" >"$root/usr/share/borg-operator/linked"
