#!/bin/bash
# ./dev demo: the whole thing, on this machine alone. Exit code: 0 the restored file is identical and nothing is left, 1 anything else.
#
# A Kubernetes with one node, the operator installed by helm, T and B as machines outside of the cluster with no route between them, three
# manifests, a backup now, one by its schedule, a file restored. All that it starts or writes belongs to one cluster, one lab and one
# temporary directory; the three are removed on every way out. Needs root; for other users it is
# ./dev demo-engine, which shows the engine alone.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
PATH=$PATH:/usr/sbin:/sbin
keep=''
case ${1:-} in
  '') ;;
  --keep) keep=yes ;;
  *) fail "demo: unknown argument $1" 2 ;;
esac
if ((EUID != 0)); then
  [[ -z $keep ]] || fail "a cluster's node needs root: sudo ./dev demo --keep"
  say "A cluster's node needs root (sudo ./dev demo). What any user can see: a backup without Kubernetes, ./dev demo-engine."
  exec "$root/tools/demo_engine.sh"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/borgop-demo.XXXXXX")
lab_state=$work/lab cluster_state=$work/cluster started=$(date +%s%N) step_started='' step_name='' log=$work/log
export BORGOP_LAB_BORG=installed  # as people have it
lab() { "$root/tools/lab.sh" "$1" --state "$lab_state" "${@:2}"; }
cluster() { "$root/tools/cluster.sh" "$1" --state "$cluster_state" "${@:2}"; }
seconds_since() { printf '%d.%d s' $((($(date +%s%N) - $1) / 1000000000)) $((($(date +%s%N) - $1) / 100000000 % 10)); }
next() { # what the next step does; the one before is done
  [[ -z $step_name ]] || say "    ${green}done${plain} in $(seconds_since "$step_started")"
  step_name=$1 step_started=$(date +%s%N)
  [[ -z $1 ]] || step "$1"
}
quietly() { "$@" >>"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "$(basename "$1") $2 failed"; }; }
left_behind() { # on stdout, what of it is still there
  local link group process line
  link=$(cat "$work/link" 2>/dev/null) group=$(cat "$work/cgroup" 2>/dev/null)
  [[ -z $link || ! -e /sys/class/net/$link ]] || echo "link $link"
  [[ -z $group ]] || find /sys/fs/cgroup -maxdepth 2 -name "$group"
  grep -F "$work/" /proc/mounts || true
  for process in /proc/[0-9]*; do
    line=$(tr '\0' ' ' 2>/dev/null <"$process/cmdline") || continue
    [[ $line != *"$work/"* ]] || echo "process ${process#/proc/}: $line"
  done 2>/dev/null
}
watcher=''
stop_watching() {
  [[ -n $watcher ]] || return 0
  kill "$watcher" 2>/dev/null || true
  wait "$watcher" 2>/dev/null || true
  watcher=''
}
clean_up() {
  local code=$? left
  trap - EXIT INT TERM
  stop_watching
  if [[ -n $keep && $code == 0 ]]; then
    say "It all stays up. Look around, then end it:"
    say "  export KUBECONFIG=$cluster_state/kubeconfig; kubectl get bbt -A"
    say "  tools/lab.sh exec --state $lab_state B bash"
    say "  tools/cluster.sh down --state $cluster_state; tools/lab.sh down --state $lab_state; rm -r $work"
    exit 0
  fi
  step "taking everything down"
  [[ ! -d $cluster_state ]] || cluster down || code=1
  [[ ! -d $lab_state ]] || lab down || code=1
  left=$(left_behind)
  [[ -z $left ]] || { say "${red}left behind:${plain} $left"; code=1; }
  rm -rf "$work"
  if ((code == 0)); then
    good "The restored file is identical. Nothing of this is left. ($(seconds_since "$started") in all)"
  else
    say "${red}The demo did not get to its end${plain}${step_name:+, in: $step_name}. Everything that it started was ended."
  fi
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

next "building the programs and their images"
"$root/tools/setup.sh" --node
"$root/tools/images.sh" --prebuilt
declare -A program=()
while read -r name path; do program[$name]=$path; done < <("$root/tools/cluster/programs.sh" --node --helm)
[[ -n ${program[helm]:-} ]] || fail "what a cluster is made of is not there"

next "starting a Kubernetes with one node"
cluster up --node >>"$log"
cp "$cluster_state"/node/{link,cgroup} "$work/"
export KUBECONFIG=$cluster_state/kubeconfig
kubectl() { "${program[kubectl]}" "$@"; }
kubectl get nodes

next "starting T and B, machines outside of it, each with its own sshd"
lab up >>"$log"
[[ $(<"$lab_state/mode") == namespaces ]] || fail "this machine allows no network namespaces"
lab join "$(<"$cluster_state/node/init")"
for host in T B; do echo "$(<"$lab_state/$host/address") ${host,,}.lab" >>"$cluster_state/node/hosts"; done
lab exec T bash -c "! timeout 2 bash -c '</dev/tcp/$(<"$lab_state/B/address")/22' 2>/dev/null" || fail "T reaches B, which it must not"
say "    there is no route between them, and neither has a key for the other"
source=/home/backup/documents
lab exec T bash -s "$source" <<'SCRIPT'
set -e
mkdir -p "$1"
for n in $(seq 1 200); do seq "$n" $((n * 20)) >"$1/number $n.txt"; done
head -c 20000000 /dev/urandom >"$1/photo.raw"
chown -R backup "$1"
SCRIPT
lab exec B install -d -m 700 -o backup /home/backup/repositories

next "helm install borg-operator"
cluster load -- "$root/build/images/borg-operator.tar" "$root/build/images/borg-engine.tar"
quietly "${program[helm]}" install borg-operator "$root/helm" --namespace borg-operator --create-namespace --wait --timeout 3m
kubectl get deployment -n borg-operator

next "applying Secrets, a BorgServer and a BorgBackupTarget"
passphrase=$(head -c 24 /dev/urandom | base64)
quietly kubectl create namespace backups
quietly kubectl label namespace backups pod-security.kubernetes.io/enforce=restricted
for host in T B; do
  sed "s/^/${host,,}.lab /; s/ [^ ]*\$//" "$lab_state/$host"/ssh_host_*_key.pub >"$work/known_hosts"
  quietly kubectl create secret generic "${host,,}-ssh" -n backups --type kubernetes.io/ssh-auth \
    --from-file=ssh-privatekey="$lab_state/keys/ed25519" --from-file=known_hosts="$work/known_hosts"
done
printf '%s' "$passphrase" | quietly kubectl create secret generic documents-borg -n backups --from-file=passphrase=/dev/stdin
cat >"$work/server.yaml" <<'YAML'
apiVersion: borg-operator.dev/v1alpha1
kind: BorgServer
metadata: {name: vault, namespace: backups}
spec:
  host: b.lab
  user: backup
  rootDir: /home/backup/repositories
  sshSecretRef: {name: b-ssh}
YAML
cat >"$work/target.yaml" <<'YAML'
apiVersion: borg-operator.dev/v1alpha1
kind: BorgBackupTarget
metadata: {name: documents, namespace: backups}
spec:
  serverRef: {name: vault}
  repository: {path: documents, passphraseSecretRef: {name: documents-borg}}
  connection: {host: t.lab, user: backup, sshSecretRef: {name: t-ssh}}
  source: {paths: [/home/backup/documents]}
  schedule: "* * * * *"
  retention: {keepLast: 5}
YAML
sed 's/^/    /' "$work/server.yaml" "$work/target.yaml"
quietly kubectl apply -f "$work/server.yaml" -f "$work/target.yaml"

archives_listed() { kubectl get bbt documents -n backups -o jsonpath='{.status.repository.archives}'; }
await_archives() { # NUMBER
  local end=$((SECONDS + 240))
  until [[ $(archives_listed) -ge $1 ]]; do
    if ((SECONDS > end)); then
      kubectl describe bbt documents -n backups >&2
      fail "no backup in four minutes"
    fi
    sleep 0.5
  done
}
next "a backup now: kubectl annotate bbt documents borg-operator.dev/run-now=1; kubectl get bbt -w"
quietly kubectl annotate bbt documents -n backups borg-operator.dev/run-now=1
# The program and not the function, which would run it in a shell of its own: what is ended has to be it.
"${program[kubectl]}" get bbt -n backups -w --request-timeout 240s &
watcher=$!
await_archives 1
next "the next by its schedule, after one file changed"
lab exec T sh -c 'echo "one more line" >>"$1/number 7.txt"' sh "$source"
await_archives 2
stop_watching
kubectl get cronjobs,jobs,pods -n backups

next "what borg on B lists, and a file restored and compared"
as_borg() { # on B, as the account that owns the repository; the passphrase through a pipe
  printf '%s' "$passphrase" | lab exec B setpriv --reuid backup --regid backup --init-groups --reset-env env BORG_PASSPHRASE_FD=0 "$@"
}
as_borg borg list /home/backup/repositories/documents
newest=$(as_borg borg list --short --last 1 /home/backup/repositories/documents)
as_borg borg extract --stdout "/home/backup/repositories/documents::$newest" "${source#/}/number 7.txt" >"$work/restored"
lab exec T cat "$source/number 7.txt" >"$work/original"
cmp "$work/original" "$work/restored"
next ''
