#!/bin/bash
# Finds or builds etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kubectl, and prints "NAME PATH" for each.
#
#   programs.sh [--no-build] [--node] [--helm] [--judge] [--gitops]
#
# --node: kubelet, kube-proxy and coredns as well; --helm: helm as well; --judge: the program of tests/cluster/judge
# as well, which says how Flux and Argo CD judge a resource; --gitops: Flux's kustomize-controller and helm-controller, sops and age-keygen, the
# program of tests/cluster/gitops, which compares as Argo CD does, and gitops-crds, a folder with the definitions of their resources.
# A program is taken from the folder KUBEBUILDER_ASSETS or from PATH where its version fits tests/cluster/go.mod: Kubernetes of the same
# minor version, kubectl at most one away, etcd not older. What has a module of its own in tests/cluster/ is always built;
# CoreDNS has the plugins of tests/cluster/coredns/main.go only. What is missing is built from Go modules into .deps/kubernetes, once: a
# stamp for each module is a hash of what was built from. That takes about ten minutes on two cores; JOBS=N sets how many compilers run at a time.
# Exit code: 0 all there, 1 not (why is on stderr; with --no-build, at once).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tools/terminal.sh"
umask 022
module=$root/tests/cluster cache=$root/.deps/kubernetes
programs=(etcd kube-apiserver kube-controller-manager kube-scheduler kubectl)
gitops=(kustomize-controller helm-controller argocd sops age-keygen gitops-crds)
build=yes
for argument in "$@"; do
  case $argument in
    --no-build) build='' ;;
    --node) programs+=(kubelet kube-proxy coredns) ;;
    --helm) programs+=(helm) ;;
    --judge) programs+=(judge) ;;
    --gitops) programs+=("${gitops[@]}") ;;
    *) fail "cluster: unknown argument $argument" 2 ;;
  esac
done

kubernetes=$(awk '$1 == "k8s.io/kubernetes" {print $2; exit}' "$module/go.mod")
etcd=$(awk '$1 == "go.etcd.io/etcd/server/v3" {print $2; exit}' "$module/go.mod")
symbols=k8s.io/component-base/version
flags=(-mod=readonly -trimpath -buildvcs=false -ldflags
  "-s -w -X $symbols.gitVersion=$kubernetes -X $symbols.gitMajor=1 -X $symbols.gitMinor=$(cut -d. -f2 <<<"$kubernetes")")
own_module_of() { # NAME: the folder of its module in tests/cluster, with a slash before it; empty: that is its module
  case $1 in
    coredns | helm | judge) echo "/$1" ;;
    *) [[ " ${gitops[*]} " != *" $1 "* ]] || echo /gitops ;;
  esac
}
folder_of() { echo "$module$(own_module_of "$1")"; } # NAME
package_of() { # NAME
  case $1 in
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    coredns | judge | argocd) echo . ;;
    kustomize-controller | helm-controller) echo "github.com/fluxcd/$1" ;;
    sops) echo github.com/getsops/sops/v3/cmd/sops ;;
    age-keygen) echo filippo.io/age/cmd/age-keygen ;;
    helm) echo helm.sh/helm/v3/cmd/helm ;;
    *) echo "k8s.io/kubernetes/cmd/$1" ;;
  esac
}
# What helm says it is, and which Kubernetes it takes charts to be for where there is none to ask.
helm_version=$(awk '$1 == "helm.sh/helm/v3" {print $2; exit} $2 == "helm.sh/helm/v3" {print $3; exit}' "$module/helm/go.mod")
flags_of() { # NAME, into those
  those=("${flags[@]}")
  [[ $1 != helm ]] || those[-1]+=" -X helm.sh/helm/v3/internal/version.version=$helm_version -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 \
-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=$(cut -d. -f2 <<<"$kubernetes")"
}
stamp_file() { # NAME
  local own
  own=$(own_module_of "$1")
  echo "$cache/stamp${own/\//-}"
}
stamp_of() { # NAME
  local folder those
  folder=$(folder_of "$1")
  flags_of "$1"
  { cat "$folder/go.mod" "$folder/go.sum"; cat "$folder"/main.go "$folder"/crds.txt 2>/dev/null || true; echo "${those[*]}"; } | sha256sum | cut -c1-40
}
declare -A is_current=()
is_built() { # NAME
  local file
  file=$(stamp_file "$1")
  [[ -n ${is_current[$file]:-} ]] || { [[ $(cat "$file" 2>/dev/null) == "$(stamp_of "$1")" ]] && is_current[$file]=yes || is_current[$file]=no; }
  [[ ${is_current[$file]} == yes && -x $cache/bin/$1 ]]
}

# The versions are numbers with dots from here on.
at_least() { printf '%s\n%s\n' "$2" "$1" | sort -CV; } # VERSION LEAST
version_of() {                                        # NAME PATH
  local text
  case $1 in
    kubectl) text=$("$2" version --client 2>/dev/null) ;;
    *) text=$("$2" --version 2>/dev/null) ;;
  esac || true
  grep -oE '[0-9]+\.[0-9]+\.[0-9]+' <<<"$text" | head -n 1
}
fits() { # NAME VERSION
  local minor wanted
  [[ -n $2 && -z $(own_module_of "$1") ]] || return 1
  if [[ $1 == etcd ]]; then
    at_least "$2" "${etcd#v}"
    return
  fi
  minor=$(cut -d. -f2 <<<"$2") wanted=$(cut -d. -f2 <<<"$kubernetes")
  [[ ${2%%.*} == 1 ]] || return 1
  if [[ $1 == kubectl ]]; then ((minor >= wanted - 1 && minor <= wanted + 1)); else ((minor == wanted)); fi
}

declare -A path=()
missing=()

find_program() { # NAME
  local name=$1 candidate version
  if [[ -n ${KUBEBUILDER_ASSETS:-} && -x $KUBEBUILDER_ASSETS/$name ]]; then
    candidate=$(realpath "$KUBEBUILDER_ASSETS/$name")
    version=$(version_of "$name" "$candidate")
    if fits "$name" "$version"; then
      path[$name]=$candidate
      return
    fi
    warn "KUBEBUILDER_ASSETS has $name ${version:-of an unknown version}, which does not fit Kubernetes $kubernetes with etcd $etcd: not used"
  fi
  if is_built "$name"; then
    path[$name]=$cache/bin/$name
  elif candidate=$(type -P "$name") && fits "$name" "$(version_of "$name" "$candidate")"; then
    path[$name]=$(realpath "$candidate")
  else
    missing+=("$name")
  fi
}

compile() { # the missing ones, with a line now and then that says how far it is
  local name total jobs those by_memory log=$cache/build.log status=0
  export CGO_ENABLED=0 GOFLAGS='' GOWORK=off GOTOOLCHAIN=local GOGC=400
  # A Go compiler takes up to 1 GiB with this GOGC, linking kube-apiserver 2.
  by_memory=$(awk '/^MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
  jobs=${JOBS:-$(($(nproc) < by_memory ? $(nproc) : (by_memory > 0 ? by_memory : 1)))}
  step "Kubernetes $kubernetes: getting its sources"
  for name in "${missing[@]}"; do
    [[ $name != gitops-crds ]] || continue
    cd "$(folder_of "$name")"
    "$go" list -mod=readonly -deps "$(package_of "$name")" 2>"$log" || { tail -n 20 "$log" >&2; fail "the Go modules cannot be had"; }
  done >"$log.packages"
  total=$(sort -u "$log.packages" | wc -l)
  rm "$log.packages"
  step "Kubernetes $kubernetes: building ${missing[*]} (up to $total packages; about ten minutes on two cores, once)"
  mkdir -p "$cache/bin.new"
  : >"$log"
  watch_progress "$log" "$total" &
  local watcher=$!
  for name in "${missing[@]}"; do
    cd "$(folder_of "$name")"
    if [[ $name == gitops-crds ]]; then
      copy_definitions "$cache/bin.new/$name" >>"$log" 2>&1 || { status=1; break; }
      continue
    fi
    flags_of "$name"
    "$go" build -v -p "$jobs" "${those[@]}" -o "$cache/bin.new/$name" "$(package_of "$name")" >>"$log" 2>&1 || { status=1; break; }
  done
  kill "$watcher" 2>/dev/null || true
  wait "$watcher" 2>/dev/null || true
  ((status == 0)) || { tail -n 20 "$log" >&2; fail "building $name failed (all of it: $log)"; }
}
# The files that crds.txt names, out of modules that are compared with the hashes there.
copy_definitions() { # FOLDER
  local name version hash files found file
  mkdir -p "$1"
  while read -r name version hash files; do
    [[ $name != \#* ]] || continue
    if [[ $version == go.mod ]]; then
      version=$(awk -v name="$name" '$1 == name && $2 ~ /^v/ {print $2; exit}' go.mod)
      hash=$(awk -v name="$name" -v version="$version" '$1 == name && $2 == version {print $3; exit}' go.sum)
    fi
    found=$(cd / && "$go" mod download -json "$name@$version") || { echo "$found"; return 1; }
    if [[ $found != *"\"Sum\": \"$hash\""* ]]; then
      echo "$name is not what crds.txt says: $found"
      return 1
    fi
    for file in $files; do install -m 644 "$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$found")/$file" "$1/" || return 1; done
  done <crds.txt
}
watch_progress() { # LOG TOTAL
  local never
  SECONDS=0
  exec {never}<> <(:)  # unlike sleep, a read ends with this shell
  while kill -0 $$ 2>/dev/null; do
    read -r -t 30 -u "$never" || say "    $(wc -l <"$1") of up to $2 packages after $SECONDS s"
  done
}

for name in "${programs[@]}"; do find_program "$name"; done
if ((${#missing[@]})); then
  [[ -n $build ]] || fail "not here: ${missing[*]} of Kubernetes $kubernetes; ./dev cluster programs [--node] [--helm] [--judge] [--gitops] builds them"
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  if ! flock -n 9; then
    say "another one is building Kubernetes: waiting for it"
    flock 9
  fi
  # It may have been built while we waited.
  is_current=()
  for name in "${missing[@]}"; do if is_built "$name"; then exec "$0" "$@"; fi; done
  # The one that is asked for most is asked for last.
  go=$("$root/tools/cluster/go.sh" "$(for name in "${missing[@]}"; do folder_of "$name"; done | sort -u | while read -r folder; do
    echo "$(awk '$1 == "go" {print $2; exit}' "$folder/go.mod") $folder"
  done | sort -V | tail -n 1 | cut -d' ' -f2-)") || fail "no Go here that can build ${missing[*]}; or set KUBEBUILDER_ASSETS to a folder that has them"
  compile
  mkdir -p "$cache/bin"
  for name in "${missing[@]}"; do
    # Whatever was built from something else goes.
    if [[ $(cat "$(stamp_file "$name")" 2>/dev/null) != "$(stamp_of "$name")" ]]; then
      for old in "$cache"/bin/*; do [[ $(stamp_file "${old##*/}") != "$(stamp_file "$name")" ]] || rm -rf "$old"; done
      stamp_of "$name" >"$(stamp_file "$name")"
    fi
    rm -rf "${cache:?}/bin/$name"
    mv -f "$cache/bin.new/$name" "$cache/bin/$name"
    path[$name]=$cache/bin/$name
  done
  rm -rf "$cache/bin.new" "$cache/build.log"
  good "Kubernetes $kubernetes and etcd $etcd are in .deps/kubernetes"
fi
for name in "${programs[@]}"; do printf '%s %s\n' "$name" "${path[$name]}"; done
