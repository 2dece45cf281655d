#!/bin/bash
# ./dev setup: everything that building and testing needs, on Debian 12 or 13.
#
# Debian packages through apt (as root or through sudo), libssh2 >= 1.11 and the other borg into .deps/. It says what it does, does
# only what is missing, and may be run at any time. With --if-needed it ends at once where nothing that it depends on has changed. With
# --node or --images it only installs the packages that a cluster with a node, or making images, needs on top.
# Exit code: 0 done (tests that lack something will be skipped), 1 cannot build.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
. "$root/tools/packages.sh"
is_set_up() { [[ $(cat "$root/.deps/setup.stamp" 2>/dev/null) == "$("$root/tools/stamp.sh")" ]]; }
[[ ${1:-} != --if-needed ]] || ! is_set_up || exit 0
wanted_packages=("${build_packages[@]}" "${test_packages[@]}" "${shell_packages[@]}" "${lint_packages[@]}") required=("${build_packages[@]}")
only=${1:-}
case $only in
  --node) wanted_packages=("${node_packages[@]}") required=("${node_packages[@]}") ;;
  --images) wanted_packages=("${image_packages[@]}") required=("${image_packages[@]}") ;;
  '' | --if-needed) only='' ;;
  *) fail "setup: unknown argument $1" 2 ;;
esac
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
PATH=$PATH:/usr/sbin:/sbin

as_root=()
if ((EUID != 0)); then as_root=(sudo -n --); fi
can_install() { ((EUID == 0)) || { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; }; }; }; }

declare -A is_installed
read_installed() {
  local name status
  is_installed=()
  while read -r name status; do [[ $status != ii* ]] || is_installed[$name]=yes; done \
    < <(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' 2>/dev/null)
}
installed() { # NEED
  local name
  for name in ${1//|/ }; do [[ -z ${is_installed[$name]:-} ]] || return 0; done
  return 1
}
available() { # NEED: its name in this release
  local name
  for name in ${1//|/ }; do
    if [[ $(apt-cache policy "$name" 2>/dev/null) =~ Candidate:\ [^\(] ]]; then
      echo "$name"
      return
    fi
  done
  return 1
}
locked() { grep -qE 'Could not get lock|Unable to acquire|Unable to lock' "$1"; }
apt_get() { # retried while another apt is at work
  local try log
  log=$(mktemp)
  for ((try = 1; try <= 60; try++)); do
    if "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >"$log" 2>&1; then
      rm -f "$log"
      return
    fi
    locked "$log" || break
    ((try > 1)) || say "another program holds apt's lock: waiting for it"
    sleep 5
  done
  tail -n 25 "$log" >&2
  rm -f "$log"
  return 1
}

# The packages openssh-server, prometheus and containerd start a service and enable it. Where there was none, there must be none afterwards: policy-rc.d
# keeps it from starting, and what the package enabled is disabled again.
policy=/usr/sbin/policy-rc.d
restore_policy=''
new_services=()
no_new_services() { # UNIT…
  new_services+=("$@")
  [[ ! -e $policy ]] || return 0
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  restore_policy=yes
  trap allow_services EXIT
}
allow_services() {
  [[ -n $restore_policy ]] || return 0
  restore_policy=''
  "${as_root[@]}" rm -f "$policy"
  if command -v systemctl >/dev/null && [[ -d /run/systemd/system ]]; then
    "${as_root[@]}" systemctl disable "${new_services[@]}" >/dev/null 2>&1 || true
  fi
}

install_packages() {
  local need name wanted=() missing=() lacking=() known=''
  # What this release does not have was found out before, if nothing has changed since.
  ! is_set_up || [[ -n $only ]] || known=$(cat "$root/.deps/setup.lacking" 2>/dev/null || true)
  for need in "${wanted_packages[@]}"; do
    installed "$need" || grep -qxF -- "$need" <<<"$known" || missing+=("$need")
  done
  ((${#missing[@]})) || return 0
  [[ -e /etc/debian_version ]] || fail "this needs Debian 12 or 13; missing: ${missing[*]}"
  if can_install; then
    step "apt: reading the package lists"
    apt_get update || warn "apt-get update failed; going on with the lists at hand"
  fi
  for need in "${missing[@]}"; do
    if name=$(available "$need"); then wanted+=("$name"); else lacking+=("$need"); fi
  done
  for need in "${lacking[@]}"; do
    [[ " ${required[*]} " != *" $need "* ]] || fail "this release has no package $need, which is needed"
    say "not in this release, left out: $need"
  done
  mkdir -p "$root/.deps"
  [[ -n $only ]] || printf '%s\n' "${lacking[@]}" >"$root/.deps/setup.lacking"
  ((${#wanted[@]})) || return 0
  if ! can_install; then
    for need in "${required[@]}"; do
      installed "$need" || fail "neither root nor sudo. Ask for: apt-get install --no-install-recommends ${wanted[*]}"
    done
    warn "neither root nor sudo, so these are not installed and their tests will be skipped: ${wanted[*]}"
    return 0
  fi
  step "apt: installing ${wanted[*]}"
  [[ " ${wanted[*]} " != *" openssh-server "* ]] || no_new_services ssh.service ssh.socket
  [[ " ${wanted[*]} " != *" prometheus "* ]] || no_new_services prometheus.service
  [[ " ${wanted[*]} " != *" containerd "* ]] || no_new_services containerd.service
  apt_get install --no-install-recommends "${wanted[@]}" || fail "apt-get install failed"
  allow_services
  read_installed
}

install_libssh2() { # the system's own where it is new enough
  local candidate
  if ! installed libssh2-1-dev; then
    candidate=$(apt-cache policy libssh2-1-dev 2>/dev/null | sed -n 's/^ *Candidate: //p')
    if [[ -n $candidate && $candidate != '(none)' ]] && dpkg --compare-versions "$candidate" ge 1.11 && can_install; then
      step "apt: installing libssh2-1-dev"
      apt_get install --no-install-recommends libssh2-1-dev || fail "apt-get install failed"
    fi
  fi
  "$root/tools/setup_libssh2.sh"
}

read_installed
install_packages
[[ -z $only ]] || exit 0
install_libssh2
"$root/tools/setup_borg.sh" || warn "only the system's borg is here: tests between borg 1.2 and 1.4 will be skipped"
"$root/tools/stamp.sh" >"$root/.deps/setup.stamp"
good "set up"
