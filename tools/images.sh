#!/bin/bash
# ./dev images: builds the two images (Dockerfile) by buildah, without a registry, and says how large they are.
#
#   images.sh [--release CODENAME] [--prebuilt] [--fresh] [--out DIR] [IMAGE…]
#
# IMAGE: engine or controller; both if none is given. The base is Debian, bootstrapped by mmdebstrap from the mirror that this machine's
# apt uses, and kept in .deps/images; --fresh makes it anew, with what has been updated since. --release: bookworm or trixie (the
# default). --prebuilt: with the programs of build/release/bin, on a base of this machine's release, which takes a minute instead of ten.
#
# In DIR (build/images): NAME.tar, an archive for `docker load` and ./dev cluster load; NAME.spdx.json, what is in it; NAME.digest. NAME is
# borg-engine or borg-operator; the image in the archive is localhost/NAME:VERSION.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
. "$root/tools/apt_mirror.sh"
given=("$@") release=trixie programs=compiled fresh='' out=$root/build/images targets=()
while (($#)); do
  case $1 in
    --release) release=${2:-}; shift ;;
    --prebuilt) programs=prebuilt release=$(. /etc/os-release && echo "$VERSION_CODENAME") ;;
    --fresh) fresh=yes ;;
    --out) out=$(realpath -m "${2:-}"); shift ;;
    engine | controller) targets+=("$1") ;;
    *) fail "images: unknown argument $1" 2 ;;
  esac
  shift
done
((${#targets[@]})) || targets=(controller engine)
[[ $release =~ ^(bookworm|trixie)$ ]] || fail "images: a base of Debian bookworm or trixie, not \"$release\"" 2
((EUID == 0)) || fail "images: needs root: mmdebstrap and buildah make file systems with files of several owners"
# Whatever buildah mounts goes with a mount namespace of our own.
if [[ -z ${BORGOP_IMAGES_MOUNTS:-} ]]; then
  "$root/tools/setup.sh" --images
  BORGOP_IMAGES_MOUNTS=own exec unshare --mount --propagation private "${BASH_SOURCE[0]}" "${given[@]}"
fi
version=$(sed -n 's/^project(borg-operator VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
revision=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
epoch=$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)
cache=$root/.deps/images
mkdir -p "$cache/run" "$out"
exec 9>"$cache/lock"
flock 9
log=$cache/log
: >"$log"
run() { "$@" >>"$log" 2>&1 || { tail -n 30 "$log" >&2; fail "images: $1 failed (all of it: $log)"; }; }

mount -t tmpfs -o mode=700 images "$cache/run"
storage=overlay
[[ $(stat -f -c %T "$cache") != overlayfs ]] || storage=vfs
buildah() { command buildah --root "$cache/storage" --runroot "$cache/run" --storage-driver $storage "$@"; }
base=localhost/debian:$release-slim recipe=$cache/$release.recipe
wanted=$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-40)
if [[ -n $fresh || $(cat "$recipe" 2>/dev/null) != "$wanted" ]] || ! buildah inspect --type image "$base" >/dev/null 2>&1; then
  find_mirrors || fail "apt on this machine has no source for Debian's main"
  step "images: bootstrapping Debian $release"
  components="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
  sources="deb $components $main_mirror $release main"
  [[ -z $security_mirror ]] || sources+=$'\n'"deb $components $security_mirror $release-security main"
  # As the slim images have it: without manuals and translations, with licences.
  run mmdebstrap --quiet --variant=minbase --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --include=debian-archive-keyring "$release" "$cache/$release.tar" <<<"$sources"
  container=$(buildah from scratch)
  run buildah add "$container" "$cache/$release.tar" /
  run buildah config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  run buildah commit --rm "$container" "$base"
  rm "$cache/$release.tar"
  echo "$wanted" >"$recipe"
fi

if [[ $programs == prebuilt ]]; then
  step "images: building the programs"
  "$root/tools/build.sh" release borg-engine borg-operator || fail "images: the programs cannot be built"
  mkdir -p "$root/build/images"
  run "$root/tools/images/collect.sh" "$root/build/release/bin" "$root/build/images/prebuilt"
else
  mkdir -p "$root/build/images/prebuilt"  # the context names it
fi
for target in "${targets[@]}"; do
  name=borg-engine
  [[ $target != controller ]] || name=borg-operator
  image=localhost/$name:$version
  step "images: building $name ($programs, on Debian $release)"
  run buildah bud --isolation chroot --pull-never --layers --format oci --timestamp "$epoch" --target "$target" --build-arg "BASE=$base" \
    --build-arg "PROGRAMS=$programs" --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --tag "$image" "$root"
  rm -f "$out/$name.tar"
  run buildah push --quiet --digestfile "$out/$name.digest" "$image" "docker-archive:$out/$name.tar:$image"
  mounted=$(buildah from --pull-never "$image")
  files=$(buildah mount "$mounted")
  "$root/tools/images/sbom.py" "$name" "$version" "$revision" "$epoch" "$files" >"$out/$name.spdx.json"
  printf '%-14s %4d MB unpacked, %3d MB compressed, %d packages  %s\n' "$name" "$(($(du -s --bytes "$files" | cut -f1) / 1000000))" \
    "$(($(gzip -1c "$out/$name.tar" | wc -c) / 1000000))" "$(grep -c '"versionInfo"' "$out/$name.spdx.json" || true)" "$image"
  buildah rm "$mounted" >/dev/null
done
good "the images are in ${out#"$PWD/"}"
