#!/bin/bash
# A throw-away network to try backups in: C (where the engine runs), T (the target), B (the repository server), J (a jump host).
#
#   ./dev lab up     [--state DIR] [--small-disk SIZE]   start it in the background
#   ./dev lab serve  [--state DIR] [--small-disk SIZE]   the same in the foreground; it ends with this process, whatever ends it
#   ./dev lab exec   [--state DIR] HOST COMMAND…         run something in C, T, B or J
#   ./dev lab host   [--state DIR] HOST VERB…            change a machine: see tests/lab/host.sh
#   ./dev lab join   [--state DIR] PID                   give the network of process PID a way to T, B and J, through C
#   ./dev lab status [--state DIR]                       who is where
#   ./dev lab down   [--state DIR]                       end it and remove DIR
#
# C reaches T, B and J; J reaches T and B; T and B reach each other in no way. Each machine is a set of namespaces (network, mounts,
# processes) with Debian's own sshd configuration, its own host keys, users, /tmp and /home over a private copy-on-write root. All of
# them are children of one process: when it ends, processes, links and mounts are gone. C shares this machine's files, but has its own
# /etc/hosts and may have its own borg. Nothing of this is visible in this machine's network, so any number of labs can run at once.
#
# Their borg is this machine's, started by tests/lab/borg_launcher.py, which saves time; BORGOP_LAB_BORG=installed: as it is installed.
#
# Without root or where namespaces are not allowed: sshds on loopback ports as the user at hand (DIR/mode says "loopback").
#
# DIR: keys/ (client keys: ed25519 ecdsa rsa encrypted), HOST/{pid,address,address6,port,ssh_host_*_key.pub,data/}, mode, ready, log
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
PATH=$PATH:/usr/sbin:/sbin
me=$root/tools/lab.sh hosts=(T B J)
declare -A net=([T]=1 [B]=2 [J]=3 [JT]=4 [JB]=5)

verb=${1:-help}
(($# == 0)) || shift
state=${BORGOP_LAB_STATE:-$root/build/lab} small=''
while (($#)); do
  case $1 in
    --state) state=$(realpath -m "$2"); shift 2 ;;
    --small-disk) small=$2; shift 2 ;;
    --) shift; break ;;
    -*) fail "lab: unknown option $1" 2 ;;
    *) break ;;
  esac
done

can_isolate() { # whether namespaces and an overlay can be had here; why not, on stdout
  [[ ${BORGOP_LAB:-} != loopback ]] || { echo "BORGOP_LAB=loopback"; return 1; }
  ((EUID == 0)) || { echo "not root"; return 1; }
  local probe
  probe=$(mktemp -d)
  unshare --net --mount --pid --uts --ipc --fork --kill-child=KILL --mount-proc sh -ec 'mount -t tmpfs lab "$1"; cd "$1"
    mkdir u w r; mount -t overlay -o lowerdir=/,upperdir="$1/u",workdir="$1/w" lab r; ip link add probe0 type veth peer name probe1' \
    sh "$probe" 2>"$probe.why" || { echo "no namespaces: $(tail -n 1 "$probe.why")"; rm -rf "$probe" "$probe.why"; return 1; }
  rm -rf "$probe" "$probe.why"
}

make_keys() {
  mkdir -p -m 700 "$state/keys"
  local type h
  for type in ed25519 ecdsa rsa; do
    [[ -e $state/keys/$type ]] || ssh-keygen -q -t $type -N '' -C "lab $type" -f "$state/keys/$type" &
    for h in "${hosts[@]}"; do ssh-keygen -q -t $type -N '' -C "$h.lab" -f "$state/$h/ssh_host_${type}_key" & done
  done
  ssh-keygen -q -t ed25519 -N 'open sesame' -C 'lab encrypted' -f "$state/keys/encrypted" &
  wait
  cat "$state"/keys/*.pub >"$state/keys/authorized_keys"
}

write_hosts() { # several.lab: the first address (IPv6 is preferred) is dead; dead.lab: all are
  local h
  printf '127.0.0.1 localhost\n::1 localhost\n'
  for h in "${hosts[@]}"; do
    printf '10.231.%d.2 %s.lab\nfd00:231:%d::2 %s6.lab\n' "${net[$h]}" "${h,,}" "${net[$h]}" "${h,,}"
    printf '10.231.9.9 dead.lab\nfd00:231:9::9 dead.lab\n10.231.%d.2 %s-several.lab\nfd00:231:9::9 %s-several.lab\n' \
      "${net[$h]}" "${h,,}" "${h,,}"
  done | sort -u
}

connect() { # LINK (in net), FROM (a process or "self"), INTERFACE, TO (a process), INTERFACE
  local n=${net[$1]} to=/proc/$4/ns/net in=() mac
  [[ $2 == self ]] || in=(nsenter "--net=/proc/$2/ns/net")
  "${in[@]}" ip link add "$3" type veth peer name "$5" netns "$to"
  "${in[@]}" sh -ec 'ip addr add "10.231.$1.1/24" dev "$2"; ip addr add "fd00:231:$1::1/64" dev "$2" nodad; ip link set "$2" up' sh "$n" "$3"
  nsenter "--net=$to" sh -ec 'ip addr add "10.231.$1.2/24" dev "$2"; ip addr add "fd00:231:$1::2/64" dev "$2" nodad
    ip link set "$2" up' sh "$n" "$5"
  # As if there were a router between: where a machine is gone, nothing says so, and what was asked for meanwhile is not refused later.
  mac=$(nsenter "--net=$to" ip -br link show "$5" | awk '{print $3}')
  "${in[@]}" ip neigh replace "10.231.$n.2" lladdr "$mac" dev "$3" nud permanent
  "${in[@]}" ip neigh replace "fd00:231:$n::2" lladdr "$mac" dev "$3" nud permanent
}

borg_program() { # what /usr/bin/borg is on the machines, where there is one
  if [[ ${BORGOP_LAB_BORG:-} == installed ]]; then readlink -f /usr/bin/borg; else echo "$root/tests/lab/borg_launcher.py"; fi
}

hold() { # the first process below `serve`: in C's network and mounts, with a process namespace that takes all machines with it
  local h pid tries
  declare -A pids
  mount --make-rprivate /
  mount -t tmpfs -o mode=755 lab "$state/C/mnt"
  mkdir "$state/C"/mnt/{upper,work}
  mount -t overlay -o "lowerdir=/usr/bin,upperdir=$state/C/mnt/upper,workdir=$state/C/mnt/work" lab /usr/bin
  mkdir -m 700 "$state/C/mnt/self"
  if [[ -e /usr/bin/borg ]]; then
    install -m 755 "$(borg_program)" "$state/C/mnt/self/borg.system"
    rm /usr/bin/borg
    cp -a "$state/C/mnt/self/borg.system" /usr/bin/borg
  fi
  mount --bind "$state/hosts" /etc/hosts
  { echo "hosts: files"; grep -v '^hosts:' /etc/nsswitch.conf; } >"$state/C/nsswitch.conf"
  mount --bind "$state/C/nsswitch.conf" /etc/nsswitch.conf
  sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 2>/dev/null || true
  ip link set lo up
  # Addresses that never answer: packets go to a link address that nobody has.
  ip link add dead type veth peer name dead0
  ip addr add 10.231.9.1/24 dev dead
  ip addr add fd00:231:9::1/64 dev dead nodad
  ip link set dead0 up
  ip link set dead up
  ip neigh add 10.231.9.9 lladdr 02:00:00:00:00:09 dev dead nud permanent
  ip neigh add fd00:231:9::9 lladdr 02:00:00:00:00:09 dev dead nud permanent
  for h in "${hosts[@]}"; do
    unshare --net --mount --pid --uts --ipc --fork --kill-child=KILL \
      "$root/tests/lab/host.sh" init "$h" "$state" "$root/.deps" "$(borg_program)" "$([[ $h != B ]] || echo "$small")" &
  done
  for h in "${hosts[@]}"; do
    for ((tries = 0; tries < 1500; tries++)); do [[ ! -s $state/$h/pid ]] || break; sleep 0.02; done
    read -r "pids[$h]" <"$state/$h/pid" || { echo "$h did not start" >&2; exit 1; }
    connect "$h" self "to-$h" "${pids[$h]}" eth0
  done
  connect JT "${pids[J]}" eth1 "${pids[T]}" eth1
  connect JB "${pids[J]}" eth2 "${pids[B]}" eth1
  for pid in "${pids[@]}"; do
    nsenter "--net=/proc/$pid/ns/net" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 \
      net.ipv6.conf.all.keep_addr_on_down=1 2>/dev/null || true
  done
  read -r pid _ </proc/self/stat
  echo "$pid" >"$state/C/pid"
  touch "$state/ready"
  echo ready
  while :; do  # and reap
    (exec -a lab-idle sleep infinity) &
    wait || true
  done
}

serve_loopback() { # the sshds belong to this process's group and are ended with it
  local h port=$((20000 + RANDOM % 20000)) tries i
  ((EUID != 0)) || mkdir -p /run/sshd
  trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
  trap 'exit 0' TERM INT
  for h in "${hosts[@]}"; do
    mkdir -p "$state/$h/home"
    for ((tries = 0; tries < 50; tries++)); do
      port=$((port + 1))
      (: </dev/tcp/127.0.0.1/$port) 2>/dev/null && continue
      setpriv --pdeathsig KILL "$(command -v sshd || echo /usr/sbin/sshd)" -D -E "$state/$h/sshd.log" -f /dev/null -p $port \
        -o ListenAddress=127.0.0.1 -o "HostKey=$state/$h/ssh_host_ed25519_key" -o "HostKey=$state/$h/ssh_host_ecdsa_key" \
        -o "HostKey=$state/$h/ssh_host_rsa_key" -o "AuthorizedKeysFile=$state/keys/authorized_keys" -o StrictModes=no -o PidFile=none \
        -o UsePAM=no -o PasswordAuthentication=no -o "SetEnv=HOME=$state/$h/home" &
      for ((i = 0; i < 100; i++)); do
        (: </dev/tcp/127.0.0.1/$port) 2>/dev/null && break 2
        kill -0 $! 2>/dev/null || break
        sleep 0.05
      done
    done
    ((tries < 50)) || { tail -n 3 "$state/$h/sshd.log" >&2; exit 1; }
    echo 127.0.0.1 >"$state/$h/address"
    echo $port >"$state/$h/port"
  done
  touch "$state/ready"
  echo ready
  while :; do sleep 3600 & wait $!; done
}

sweep() { # what earlier labs left in the temporary directory when they were killed; their processes and mounts are gone by themselves
  local old pid
  for old in "${TMPDIR:-/tmp}"/borgop-lab.*/; do
    [[ -d $old && $old != "$state/" && -n $(find "$old" -maxdepth 0 -mmin +1) ]] || continue
    pid=$(cat "$old/serve" 2>/dev/null) && grep -qs lab "/proc/$pid/cmdline" && continue
    rm -rf "$old"
  done
}

serve() {
  local h why
  sweep
  [[ ! -e $state/ready ]] || ! is_running || fail "a lab is up in $state already"
  rm -rf "${state:?}"/{T,B,J,C,ready,mode,serve,log}
  mkdir -p "$state"
  chmod 755 "$state"
  for h in "${hosts[@]}" C; do mkdir -p "$state/$h"/{mnt,data}; done
  make_keys
  echo $$ >"$state/serve"
  if why=$(can_isolate); then
    echo namespaces >"$state/mode"
    write_hosts >"$state/hosts"
    for h in "${hosts[@]}"; do
      echo "10.231.${net[$h]}.2" >"$state/$h/address"
      echo "fd00:231:${net[$h]}::2" >"$state/$h/address6"
      echo 22 >"$state/$h/port"
    done
    exec unshare --net --mount --pid --ipc --fork --kill-child=KILL "$me" hold --state "$state" ${small:+--small-disk "$small"}
  fi
  warn "lab: no isolated machines here ($why): T, B and J are sshds on loopback ports"
  echo "loopback $why" >"$state/mode"
  serve_loopback
}

is_running() {
  local pid
  pid=$(cat "$state/serve" 2>/dev/null) && [[ -d /proc/$pid ]] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF "$state"
}

up() {
  ! is_running || { say "the lab is up already: $state"; return; }
  mkdir -p "$state"
  setsid "$me" serve --state "$state" ${small:+--small-disk "$small"} </dev/null >"$state.log" 2>&1 &
  local end=$((SECONDS + 60)) p=$!
  until [[ -e $state/ready && -s $state/serve ]]; do
    if ((SECONDS >= end)) || ! kill -0 $p 2>/dev/null; then
      cat "$state.log" >&2
      fail "the lab did not start"
    fi
    sleep 0.05
  done
  grep -h '^warning' "$state.log" >&2 || true
}

down() {
  local pid h end=$((SECONDS + 20))
  if is_running; then
    pid=$(<"$state/serve")
    if [[ $(<"$state/mode") == namespaces ]]; then kill -KILL "$pid"; else kill -TERM "$pid"; fi
    while is_running || alive; do
      ((SECONDS < end)) || fail "the lab in $state does not end"
      sleep 0.02
    done
  fi
  rm -rf "$state" "$state.log"
}

alive() { # whether any machine's first process is still there
  local h
  for h in T B J; do [[ ! -s $state/$h/pid ]] || [[ ! -d /proc/$(<"$state/$h/pid") ]] || return 0; done
  return 1
}

in_host() { # HOST COMMAND…
  local h=$1
  shift
  is_running || fail "no lab is up in $state"
  if [[ $(<"$state/mode") != namespaces ]]; then
    [[ $h == C ]] && exec "$@"
    exec env "HOME=$state/$h/home" "$@"
  fi
  [[ -s $state/$h/pid ]] || fail "no machine $h in the lab (C, T, B or J)" 2
  if [[ $h == C ]]; then  # C shares this machine's processes
    exec nsenter "--net=/proc/$(<"$state/C/pid")/ns/net" "--mount=/proc/$(<"$state/C/pid")/ns/mnt" "--wdns=$PWD" -- "$@"
  fi
  exec nsenter --all -t "$(<"$state/$h/pid")" --wdns=/root -- env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ${TERM:+TERM="$TERM"} "$@"
}

# For a cluster's node, whose pods then are where C is: they reach each machine, which sees C, and the machines reach nobody.
join() { # PID
  local c to=/proc/$1/ns/net
  { is_running && [[ $(<"$state/mode") == namespaces ]]; } || fail "no lab in namespaces is up in $state"
  c=/proc/$(<"$state/C/pid")/ns/net
  nsenter "--net=$to" ip link del lab0 2>/dev/null || true  # of a lab that was there before
  nsenter "--net=$c" ip link add to-guest type veth peer name lab0 netns "$to"
  nsenter "--net=$c" sh -ec 'ip addr add 10.231.20.1/24 dev to-guest; ip link set to-guest up; sysctl -qw net.ipv4.ip_forward=1
    iptables -w -P FORWARD DROP; iptables -w -A FORWARD -i to-guest -j ACCEPT
    iptables -w -A FORWARD -o to-guest -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
    iptables -w -t nat -A POSTROUTING -s 10.231.20.0/24 -j MASQUERADE'
  nsenter "--net=$to" sh -ec 'ip addr add 10.231.20.2/24 dev lab0; ip link set lab0 up; ip route replace 10.231.0.0/16 via 10.231.20.1
    iptables -w -t nat -C POSTROUTING -o lab0 -j MASQUERADE 2>/dev/null || iptables -w -t nat -A POSTROUTING -o lab0 -j MASQUERADE'
}

change_host() { # HOST VERB…
  local h=$1
  shift
  if [[ $h == C ]]; then
    # Only /usr/bin is C's own; all else there is this machine's.
    [[ $1 =~ ^(mask|unmask|borg|restore|drop|pass|carrier)$ ]] || fail "lab: $1 is not for C" 2
    export LAB_VENVS=$root/.deps LAB_SELF=$state/C/mnt/self LAB_PLACES=/usr/bin
    in_host C "$root/tests/lab/host.sh" "$@"
  fi
  in_host "$h" /run/lab/host.sh "$@"
}

case $verb in
  up) up; "$me" status --state "$state" ;;
  serve) serve ;;
  hold) hold ;;
  down) down ;;
  exec) (($# >= 2)) || fail "usage: lab.sh exec HOST COMMAND…" 2; in_host "$@" ;;
  join) (($# == 1)) || fail "usage: lab.sh join PID" 2; join "$1" ;;
  host) (($# >= 2)) || fail "usage: lab.sh host HOST VERB…" 2; change_host "$@" ;;
  status)
    is_running || { say "no lab is up in $state"; exit 1; }
    printf 'mode %s\nkeys %s\n' "$(<"$state/mode")" "$state/keys"
    for h in "${hosts[@]}"; do
      printf '%s %s port %s%s\n' "$h" "$(<"$state/$h/address")" "$(<"$state/$h/port")" \
        "$([[ ! -s $state/$h/pid ]] || printf ' pid %s' "$(<"$state/$h/pid")")"
    done
    ;;
  *) sed -n '2,/^$/s/^# \{0,1\}//p' "$me" | sed '/^set /,$d'; [[ $verb == help ]] || exit 2 ;;
esac
