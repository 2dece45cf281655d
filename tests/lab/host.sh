#!/bin/bash
# What happens inside one machine of the lab (tools/lab.sh): `init` is its first process, the rest are commands that are run in it.
#
#   init NAME STATE VENVS BORG SMALL   become that machine: private root, /tmp, /home, /run, users, sshd; STATE/NAME/up says that it is there
#   user NAME SHELL               add an ordinary user whom the lab's keys may log in as
#   sshd [-o OPTION …]            (re)start sshd, all sessions ended; no options: Debian's configuration as it is
#   stop-sshd                     end sshd and all its sessions
#   mask PROGRAM | unmask PROGRAM make a program vanish from PATH and from its absolute paths, or come back
#   borg VERSION                  which borg is /usr/bin/borg: system, 1.2 or 1.4
#   drop INTERFACE… | pass INTERFACE…   drop all that comes in there, without a word
#   link up | link down           all its own ends of links
#   carrier INTERFACE…            wait until they have one
#   fill | free                   /small: no byte left, or room again
#   restore                       all of the above as it was at first, users excepted
set -euo pipefail
self=${LAB_SELF:-/run/lab}  # what this machine keeps for itself
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

enter_root() { # NAME STATE VENVS BORG SMALL: an overlay over this machine's root, so that nothing written here is seen outside
  local name=$1 state=$2 venvs=$3 borg=$4 small=$5 new=$2/$1/mnt/root venv
  mount --make-rprivate /
  mount -t tmpfs -o mode=755 lab "$state/$name/mnt"
  mkdir "$state/$name"/mnt/{upper,work,root}
  mount -t overlay -o "lowerdir=/,upperdir=$state/$name/mnt/upper,workdir=$state/$name/mnt/work" lab "$new"
  mkdir -p "$new"/{data,small,dev,proc,sys,run,tmp,var/tmp,home,root}
  mount -t proc proc "$new/proc"
  mount --rbind /dev "$new/dev"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$new/dev/pts"
  mount -t tmpfs -o mode=1777 lab "$new/dev/shm"
  mount --rbind /sys "$new/sys"
  for d in tmp var/tmp; do mount -t tmpfs -o mode=1777 lab "$new/$d"; done
  for d in run home; do mount -t tmpfs -o mode=755 lab "$new/$d"; done
  mount -t tmpfs -o mode=700 lab "$new/root"
  mount --bind "$state/$name/data" "$new/data"
  chmod 1777 "$new/data"
  [[ -z $small ]] || mount -t tmpfs -o "mode=1777,size=$small" lab "$new/small"
  for venv in "$venvs"/borg-*/; do
    [[ -d $venv ]] || continue
    mkdir -p "$new/opt/$(basename "$venv")"
    mount --bind "$venv" "$new/opt/$(basename "$venv")"
  done
  mkdir -p -m 700 "$new$self"
  cp "${BASH_SOURCE[0]}" "$new$self/host.sh"
  [[ ! -e /usr/bin/borg ]] || install -m 755 "$borg" "$new$self/borg.system"
  cp "$state/keys/authorized_keys" "$new$self/"
  cp "$state/hosts" "$new/etc/hosts.lab"
  rm -rf "$new"/etc/ssh/ssh_host_* "$new"/etc/ssh/sshd_config.d/* "$new/etc/motd" "$new"/etc/profile.d/*
  cp "$new/usr/share/openssh/sshd_config" "$new/etc/ssh/sshd_config"
  cp "$state/$name"/ssh_host_* "$new/etc/ssh/"
  mkdir "$new/run/old"
  cd "$new"
  pivot_root . run/old
  umount -l /run/old
  rmdir /run/old
  mv -f /etc/hosts.lab /etc/hosts
  echo "hosts: files" >/etc/nsswitch.lab
  grep -v '^hosts:' /etc/nsswitch.conf >>/etc/nsswitch.lab && mv /etc/nsswitch.lab /etc/nsswitch.conf
  echo "$name.lab" >/etc/hostname
  [[ ! -e $self/borg.system ]] || use_borg system
}

authorize() { # USER
  local home
  home=$(getent passwd "$1" | cut -d: -f6)
  install -d -m 700 -o "$1" -g "$(id -g "$1")" "$home/.ssh"
  install -m 600 -o "$1" -g "$(id -g "$1")" "$self/authorized_keys" "$home/.ssh/authorized_keys"
}

add_user() { # NAME SHELL
  getent passwd "$1" >/dev/null || useradd --create-home --shell "$2" "$1"
  authorize "$1"
}

end_sshd() {
  local tries name found
  rm -f /run/sshd.pid
  for ((tries = 0; tries < 200; tries++)); do
    found=0
    for name in sshd sshd-session sshd-auth; do ! pkill -KILL -x $name || found=1; done  # only this machine's: /proc is its own
    ((found)) || return 0
    sleep 0.02
  done
  echo "sshd does not end" >&2
  return 1
}

start_sshd() { # OPTION…
  local tries
  end_sshd
  mkdir -p -m 755 /run/sshd
  if (($#)); then touch "$self/sshd.changed"; else rm -f "$self/sshd.changed"; fi
  /usr/sbin/sshd -E /var/log/sshd.log "$@"
  for ((tries = 0; tries < 500; tries++)); do
    [[ -s /run/sshd.pid ]] && return
    sleep 0.02
  done
  echo "sshd did not start" >&2
  tail -n 5 /var/log/sshd.log >&2
  return 1
}

places() { # PROGRAM: where it may be, or "/" is one file
  local d
  for d in ${LAB_PLACES:-/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin}; do
    [[ -L $d ]] || { [[ -e $d/$1 || -L $d/$1 ]] && echo "$d/$1"; } || true
  done
}

mask() {
  local at
  for at in $(places "$1"); do
    mkdir -p "$self/masked/$1/$(dirname "$at")"
    mv "$at" "$self/masked/$1$at"
  done
}

unmask() {
  local at
  [[ -d $self/masked/$1 ]] || return 0
  (cd "$self/masked/$1" && find . ! -type d -print0) | while IFS= read -r -d '' at; do cp -a "$self/masked/$1/$at" "/$at"; done
  rm -rf "$self/masked/${1:?}"
}

restore() {
  local masked
  for masked in "$self"/masked/*; do [[ ! -e $masked ]] || unmask "${masked##*/}"; done
  [[ ! -e "$self/borg.system" ]] || use_borg system
  # shellcheck disable=SC2046
  packets -D $(ip -br link | sed -n 's/^\(eth[0-9]\|to-[A-Z]\).*/\1/p')
  [[ -e "$self/machine" ]] || return 0
  [[ $(ip -br link) != *' DOWN '* ]] || links up
  rm -f /small/.filler
  [[ -s /run/sshd.pid && ! -e "$self/sshd.changed" ]] || start_sshd
}

use_borg() { # VERSION
  local venv=${LAB_VENVS:-/opt}/borg-$1 program
  [[ -e "$self/borg.system" ]] || { echo "this machine has no borg" >&2; return 3; }
  if [[ $1 == system || $(/usr/bin/python3 "$self/borg.system" --version) == *" $1."* ]]; then
    unmask borg
    rm -f /usr/bin/borg
    cp -a "$self/borg.system" /usr/bin/borg
    return
  fi
  [[ -x $venv/bin/borg ]] || { echo "borg $1 is not installed: run ./dev setup" >&2; return 3; }
  unmask borg
  program=$venv/bin/borg
  if grep -qF borg.constants "$self/borg.system"; then
    program=/usr/bin/launched/borg
    mkdir -p /usr/bin/launched
    cp -a "$self/borg.system" $program
  fi
  rm -f /usr/bin/borg
  printf '#!/bin/sh\nexec %s/bin/python3 %s "$@"\n' "$venv" "$program" >/usr/bin/borg
  chmod 755 /usr/bin/borg
}

packets() { # -I or -D, INTERFACE…
  local how=$1 interface tool
  shift
  for tool in iptables ip6tables; do
    for interface in "$@"; do
      if "$tool" -w 10 -C INPUT -i "$interface" -j DROP 2>/dev/null; then
        [[ $how == -I ]] || "$tool" -w 10 -D INPUT -i "$interface" -j DROP
      else
        [[ $how == -D ]] || "$tool" -w 10 -I INPUT -i "$interface" -j DROP
      fi
    done
  done
}

carrier() { # INTERFACE…
  local interface tries
  for interface in "$@"; do
    for ((tries = 0; tries < 500; tries++)); do
      [[ $(ip -br link show "$interface") != *' UP '* ]] || continue 2
      sleep 0.02
    done
    echo "$interface has no carrier" >&2
    return 1
  done
}

links() { # up or down
  local all interface
  all=$(ip -br link | sed -n 's/^\(eth[0-9]\).*/\1/p')
  for interface in $all; do ip link set "$interface" "$1"; done
  # shellcheck disable=SC2086
  [[ $1 == down ]] || carrier $all
}

verb=$1
shift
case $verb in
  init)
    read -r pid _ </proc/self/stat  # as the machine outside numbers us
    name=$1 up=$2/$1
    exec 8>"$up/pid"
    enter_root "$@"
    hostname "$name.lab"
    ip link set lo up
    # `backup` is a system account on Debian; here it is the ordinary user that people make for this.
    userdel backup 2>/dev/null || true
    add_user backup /bin/bash
    cp -r /etc/skel/. /root/
    authorize root
    start_sshd
    touch "$self/machine"
    echo "$pid" >&8
    exec 8>&-
    # While it waits for the one that never ends, bash reaps whatever is left to it. A test may have killed that one, too.
    while :; do
      (exec -a lab-idle sleep infinity) &
      wait || true
    done
    ;;
  user) add_user "$@" ;;
  sshd) start_sshd "$@" ;;
  stop-sshd) end_sshd ;;
  mask) mask "$1" ;;
  unmask) unmask "$1" ;;
  borg) use_borg "$1" ;;
  drop) packets -I "$@" ;;
  pass) packets -D "$@" ;;
  link) links "$1" ;;
  carrier) carrier "$@" ;;
  fill) dd if=/dev/zero of=/small/.filler bs=64k 2>/dev/null || true ;;
  restore) restore ;;
  free) rm -f /small/.filler ;;
  *) echo "host.sh: unknown command $verb" >&2; exit 2 ;;
esac
