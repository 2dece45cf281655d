#!/bin/bash
# A Kubernetes cluster on this machine. By default it is a control plane on loopback: etcd, API server, controllers, scheduler; pods stay
# pending. With --node (root only) it has one node, which runs them: containerd, runc, kubelet, kube-proxy, a CNI bridge, CoreDNS.
#
#   ./dev cluster up       [NAME] [--node]    start it in the background, and say how to reach it
#   ./dev cluster down     [NAME | --all]     end it and remove all that it wrote
#   ./dev cluster status   [NAME]             what runs; exit code 1 if anything of it does not. Without NAME: of each there is
#   ./dev cluster kubectl  [NAME] -- ARG…     kubectl as its administrator
#   ./dev cluster load     [NAME] -- FILE…    give the node images, as archives (./dev images, docker save)
#   ./dev cluster enter    [NAME] -- COMMAND… run something in the node, such as: ctr -n k8s.io images ls
#   ./dev cluster kill|start|freeze|thaw NAME PART   an outage: PART is etcd, apiserver, controller-manager or scheduler, and in a node
#                                             containerd, coredns, kubelet or kube-proxy
#   ./dev cluster serve    [NAME] [--node]    like up, in the foreground; it ends with this process, whatever ends it
#   ./dev cluster programs [--node] [--helm] [--judge] [--gitops]  only get the programs (see tools/cluster/programs.sh)
#
# NAME: letters, digits, dashes; "default" if none is given. Any number can run at once, by any user: each has free ports of its own,
# certificates and tokens of its own, and keeps everything in build/cluster/NAME (--state DIR: elsewhere):
#
#   kubeconfig       administrator, by certificate (context admin) or by token (context admin-token)
#   admin.token, ca.crt, server         the same for a program that reads no kubeconfig
#   audit.log        every request but the control plane's own: who, what, allowed by which binding (JSON lines)
#   log/PART.log     what the programs say
#   node/address     the node's, which this machine reaches; node/hosts: names for pods to look up, a line each as in /etc/hosts
#
# A node has namespaces of its own and pulls no images. Ending the cluster ends its processes, mounts, links, firewall rules and control
# groups. NetworkPolicies are stored, and hold nobody back.
#
# Requests are authorised by RBAC, pods are admitted by Pod Security, service account tokens are real:
#   ./dev cluster kubectl -- create token NAME -n NAMESPACE
#
#   ./dev cluster up                                    one to try things on
#   export KUBECONFIG=$PWD/build/cluster/default/kubeconfig
#   kubectl apply -f crds/ -f deploy/examples/          or: ./dev cluster kubectl -- apply …
#   ./dev cluster up other; ./dev cluster freeze other etcd; ./dev cluster thaw other etcd; ./dev cluster down other
#
# Also in DIR: serve and pid/PART (process id and start time), ready, pki/, etcd/, port/PART, command/PART, control (FIFO: "start PART")
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
PATH=$PATH:/usr/sbin:/sbin
umask 077
me=$root/tools/cluster.sh clusters=$root/build/cluster control_plane=(etcd apiserver controller-manager scheduler)
. "$root/tools/cluster/control_plane.sh"
. "$root/tools/cluster/node_parts.sh"
start_limit=90

verb=${1:-help}
(($# == 0)) || shift
name='' state='' all='' outage_part='' node='' helm='' judge='' gitops=''
while (($#)); do
  case $1 in
    --state) [[ -n ${2:-} ]] || fail "cluster: --state needs a folder" 2; state=$(realpath -m "$2"); shift 2 ;;
    --all) all=yes; shift ;;
    --node) node=yes; shift ;;
    --helm) helm=yes; shift ;;
    --judge) judge=yes; shift ;;
    --gitops) gitops=yes; shift ;;
    -h | --help) verb=help; shift ;;
    --) shift; break ;;
    -*) fail "cluster: unknown option $1" 2 ;;
    *)
      if [[ -z $name ]]; then name=$1; elif [[ -z $outage_part ]]; then outage_part=$1; else fail "cluster: unknown argument $1" 2; fi
      shift
      ;;
  esac
done
# With --state the only name is a part's.
if [[ -n $state && $verb =~ ^(kill|start|freeze|thaw)$ && -z $outage_part ]]; then outage_part=$name name=''; fi
[[ -z $name || $name =~ ^[a-z0-9][a-z0-9-]*$ ]] || fail "cluster: \"$name\" is no name: small letters, digits and dashes" 2
given_name=$name

use_state() { # DIR: what is there decides which parts there are
  state=$1 parts=("${control_plane[@]}")
  [[ $verb == up || $verb == serve || ! -d $state/node ]] || node=yes
  [[ -z $node ]] || parts+=("${node_parts[@]}")
}
use_state "${state:-$clusters/${name:-default}}"

# --- what runs ---

# A process is known by its id and when it started, since ids are given away again.
identity() { # PID: both; 1 if there is no such process, or one that has ended and waits to be reaped
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra stat <<<"${stat##*) }"
  [[ ${stat[0]} != Z ]] && echo "$1 ${stat[19]}"
}
runs() { # FILE with an identity: prints the id if it runs
  local known
  known=$(cat "$1" 2>/dev/null) && [[ $known && $(identity "${known% *}") == "$known" ]] && echo "${known% *}"
}
is_running() { runs "${1:-$state}/serve" >/dev/null; } # [DIR]
part_pid() { runs "$state/pid/$1"; }                   # PART: prints it if it runs
# What is removed must be ours: --state can name any folder.
may_remove() { # DIR
  [[ ! -e $1 || -e $1/serve || ( -d $1 && -z $(ls -A "$1") ) ]] || fail "$1 has other things in it: not touched" 2
}
part_state() { # PART
  local pid
  pid=$(part_pid "$1") || { echo stopped; return; }
  if [[ $(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null) == T ]]; then echo "frozen, pid $pid"; else echo "runs, pid $pid"; fi
}
need_part() {
  is_running || fail "no cluster is up in $state"
  [[ -n $outage_part && " ${parts[*]} " == *" $outage_part "* ]] || fail "usage: cluster.sh $verb NAME PART; PART is one of: ${parts[*]}" 2
}

# --- starting ---

declare -A program=()
find_programs() { # [--no-build]
  local one path found
  found=$("$root/tools/cluster/programs.sh" ${node:+--node} "$@") || exit 1
  while read -r one path; do program[$one]=$path; done <<<"$found"
}

launch() { # PART: from command/PART, as a child of this process that the kernel ends with it
  (. "$state/command/$1") >>"$state/log/$1.log" 2>&1 </dev/null 3>&- &
  local pid=$!
  disown $pid  # its end is seen by part_pid, and no message of the shell
  [[ " ${node_parts[*]} " != *" $1 "* ]] || pid=$(inner_process $pid)
  identity "${pid:-0}" >"$state/pid/$1" || true  # gone already: seen as such
}
define() { # PART PORT COMMAND…
  local part=$1
  echo "$2" >"$state/port/$part"
  shift 2
  { printf 'exec setpriv --pdeathsig KILL'; printf ' %q' "${in_network[@]}" "$@"; echo; } >"$state/command/$part"
}
# Where a node is, the control plane runs in its network.
set_network() { in_network=(); [[ ! -s $state/node/init ]] || in_network=(nsenter "--net=/proc/$(<"$state/node/init")/ns/net" --); }
ask() { # PATH OPTION…: whether a GET succeeds
  timeout 5 ${in_network[@]+"${in_network[@]}"} "${program[kubectl]}" --request-timeout 3s "${@:2}" get --raw "$1" >/dev/null 2>&1
}
is_ready() { # PART
  if [[ " ${node_parts[*]} " == *" $1 "* ]]; then is_node_part_ready "$1"; else is_control_plane_part_ready "$1"; fi
}

await() { # PART: until it is ready; 1 if it ended first or it took too long
  local part=$1 end=$((SECONDS + start_limit))
  until is_ready "$part"; do
    part_pid "$part" >/dev/null || return 1
    ((SECONDS < end)) || { say "$part is not ready after $start_limit s"; return 1; }
    sleep 0.1
  done
}
port_taken() { grep -qs 'address already in use' "$state/log/$1.log"; }
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))  # below what systems hand out by themselves
    (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo $port; return; }
  done
}
# Between looking at a port and listening on it another program may take it: then again, with another one.
start_part() { # PART FUNCTION: the function defines it for a port
  local part=$1 try
  for ((try = 0; try < 10; try++)); do
    "$2" "$(free_port)"
    launch "$part"
    if await "$part"; then return; fi
    port_taken "$part" || break
    mv "$state/log/$part.log" "$state/log/$part.port-taken.log"
  done
  say "the last lines of $state/log/$part.log:"
  tail -n 15 "$state/log/$part.log" >&2
  fail "$part did not start"
}

sweep() { # folders of tests that were killed; their processes have ended by themselves
  local old
  [[ -z $node ]] || sweep_nodes
  for old in "$clusters"/test-*/; do
    old=${old%/}
    [[ -d $old && $old != "$state" && -n $(find "$old" -maxdepth 0 -mmin +1) ]] || continue
    is_running "$old" || rm -rf "$old"
  done
}
stop_parts() {
  local part pid
  for part in "${parts[@]}"; do if pid=$(part_pid "$part"); then kill -KILL "$pid" 2>/dev/null || true; fi; done
  if pid=$(runs "$state/node/holder"); then kill -KILL "$pid" 2>/dev/null || true; fi
}
serve() {
  local word part why
  if [[ -n $node ]] && why=$(why_no_node); then fail "$why"; fi
  find_programs --no-build
  mkdir -p "$(dirname "$state")"
  exec 8<"$(dirname "$state")"
  flock 8  # two that start in one place see each other
  ! is_running || fail "a cluster is up in $state already"
  sweep
  may_remove "$state"
  rm -rf "$state"
  mkdir -p "$state"
  identity $$ >"$state/serve"
  mkdir "$state"/{log,pid,port,command}
  exec 8<&-
  trap stop_parts EXIT
  trap 'exit 0' TERM INT HUP
  set_network
  if [[ -n $node ]]; then
    step "node"
    start_node
    set_network
    start_node_part containerd
  fi
  "$root/tools/cluster/certificates.sh" "$state/pki" ${node:+"$(<"$state/node/address")"}
  cp "$state/pki/ca.crt" "$state/pki/admin.token" "$state"
  step "etcd"
  start_part etcd etcd_on
  step "API server"
  start_part apiserver apiserver_on
  step "controllers and scheduler"
  # Both at once; the scheduler has a second chance should its port be taken.
  scheduler_on "$(free_port)"
  launch scheduler
  start_part controller-manager controller_manager_on
  await scheduler || start_part scheduler scheduler_on
  [[ -z $node ]] || complete_node
  mkfifo "$state/control"
  exec 3<>"$state/control"
  touch "$state/ready"
  echo ready
  while read -r word part <&3; do
    [[ $word == start && " ${parts[*]} " == *" $part "* ]] || continue
    part_pid "$part" >/dev/null || launch "$part"
  done
}

up() {
  local end p why printed=0 log=$state.log
  if is_running; then
    say "the cluster is up already"
    return
  fi
  may_remove "$state"
  if [[ -n $node ]]; then
    "$root/tools/setup.sh" --node || exit 1
    if why=$(why_no_node); then fail "$why"; fi
  fi
  find_programs
  mkdir -p "$(dirname "$state")"
  setsid "$me" serve --state "$state" ${node:+--node} </dev/null >"$log" 2>&1 &
  p=$! end=$((SECONDS + 4 * start_limit))
  show() { tail -n "+$((printed + 1))" "$log" | grep -vx ready >&2 || true; printed=$(wc -l <"$log"); }
  until [[ -e $state/ready ]] && is_running; do
    show
    if ((SECONDS >= end)) || ! kill -0 $p 2>/dev/null; then
      show
      kill -TERM $p 2>/dev/null || true
      fail "the cluster did not start"
    fi
    sleep 0.1
  done
  show
  mv "$log" "$state/log/start.log"
}

down_one() { # DIR
  local pid end=$((SECONDS + 20)) part
  use_state "$1"
  may_remove "$state"
  if pid=$(runs "$state/serve"); then
    # A frozen process does not end by itself.
    kill -KILL "$pid"
    stop_parts
    while is_running; do
      ((SECONDS < end)) || fail "the cluster in $state does not end"
      sleep 0.02
    done
  fi
  for part in "${parts[@]}"; do
    while part_pid "$part" >/dev/null; do
      ((SECONDS < end)) || fail "$part of the cluster in $state does not end"
      sleep 0.02
    done
  done
  [[ ! -d $state/node ]] || remove_node
  rm -rf "$state" "$state.log"
  rmdir "$clusters" 2>/dev/null || true
}

status_one() { # DIR
  local part now bad=0
  use_state "$1"
  is_running || { say "no cluster is up in $state"; return 1; }
  printf 'server      %s\nkubeconfig  %s\n' "$(cat "$state/server" 2>/dev/null || echo 'not yet')" "$state/kubeconfig"
  for part in "${parts[@]}"; do
    now=$(part_state "$part")
    [[ $now == runs* ]] || bad=1
    printf '  %-20s%s\n' "$part" "$now"
  done
  [[ -e $state/ready ]] || { echo '  starting'; bad=1; }
  return $bad
}

case $verb in
  up)
    up
    status_one "$state"
    say "use it: export KUBECONFIG=$state/kubeconfig"
    ;;
  serve) serve ;;
  down)
    if [[ -n $all ]]; then
      for dir in "$clusters"/*/; do [[ ! -d $dir ]] || down_one "${dir%/}"; done
    else
      [[ -d $state || -e $state.log ]] || say "no cluster is up in $state"
      down_one "$state"
    fi
    ;;
  status)
    bad=0
    if [[ -n $given_name || $state != "$clusters/default" ]] || ! compgen -G "$clusters/*/" >/dev/null; then
      status_one "$state" || bad=1
    else
      for dir in "$clusters"/*/; do
        printf '%s\n' "$(basename "$dir")"
        status_one "${dir%/}" || bad=1
      done
    fi
    exit $bad
    ;;
  kubectl)
    is_running || fail "no cluster is up in $state: ./dev cluster up${given_name:+ $given_name}"
    (($#)) || fail "usage: cluster.sh kubectl [NAME] -- ARGUMENT…" 2
    find_programs --no-build
    exec "${program[kubectl]}" --kubeconfig "$state/kubeconfig" "$@"
    ;;
  enter | load)
    { is_running && [[ -n $node ]]; } || fail "no cluster with a node is up in $state: ./dev cluster up${given_name:+ $given_name} --node"
    (($#)) || fail "usage: cluster.sh $verb [NAME] -- $([[ $verb == load ]] && echo FILE… || echo COMMAND…)" 2
    if [[ $verb == load ]]; then import_images "$@"; else in_node "$@"; fi
    ;;
  kill | freeze | thaw)
    need_part
    pid=$(part_pid "$outage_part") || { [[ $verb == kill ]] && exit 0; fail "$outage_part does not run"; }
    case $verb in
      kill) kill -KILL "$pid" ;;
      freeze) kill -STOP "$pid" ;;
      thaw) kill -CONT "$pid" ;;
    esac
    if [[ $verb == kill ]]; then while part_pid "$outage_part" >/dev/null; do sleep 0.02; done; fi
    ;;
  start)
    need_part
    find_programs --no-build
    set_network
    echo "start $outage_part" >"$state/control"
    end=$((SECONDS + 10))
    until part_pid "$outage_part" >/dev/null; do
      ((SECONDS < end)) || fail "$outage_part does not start; see $state/log/$outage_part.log"
      sleep 0.02
    done
    await "$outage_part" || fail "$outage_part is not ready; see $state/log/$outage_part.log"
    ;;
  why-no-node)  # for tests: why there can be none here, or nothing
    why_no_node || { "$root/tools/cluster/programs.sh" --no-build --node >/dev/null || true; } 2>&1
    ;;
  programs) exec "$root/tools/cluster/programs.sh" ${node:+--node} ${helm:+--helm} ${judge:+--judge} ${gitops:+--gitops} ;;
  help) sed -n '2,/^$/s/^# \{0,1\}//p' "$me" | sed '/^set /,$d; /^Also in DIR/d' ;;
  *) fail "cluster: unknown verb $verb (up, down, status, kubectl, load, enter, kill, start, freeze, thaw, serve or programs)" 2 ;;
esac
