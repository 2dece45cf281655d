#!/bin/bash
# ./dev demo-engine: a whole backup without Kubernetes, end to end, on throw-away machines. Exit code: 0 the restored file is identical, 1
# anything else.
#
# Everything that it starts or writes is below one temporary directory and one lab; both are removed on every way out.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
keep='' prebuilt=''
for argument; do
  case $argument in
    --keep) keep=yes ;;
    --prebuilt) prebuilt=yes ;;
    *) fail "demo-engine: unknown argument $argument" 2 ;;
  esac
done

work=$(mktemp -d "${TMPDIR:-/tmp}/borgop-demo.XXXXXX")
state=$work/lab started=$(date +%s%N) step_started='' step_name=''
export BORGOP_LAB_BORG=installed  # as people have it
lab() { "$root/tools/lab.sh" "$1" --state "$state" "${@:2}"; }
on() { lab exec "$@"; }
seconds_since() { printf '%d.%d s' $((($(date +%s%N) - $1) / 1000000000)) $((($(date +%s%N) - $1) / 100000000 % 10)); }
next() { # what the next step does; the one before is done
  [[ -z $step_name ]] || say "    ${green}done${plain} in $(seconds_since "$step_started")"
  step_name=$1 step_started=$(date +%s%N)
  [[ -z $1 ]] || step "$1"
}
clean_up() {
  local code=$?
  trap - EXIT INT TERM
  if [[ -n $keep && $code == 0 ]]; then
    say "The machines stay up. Look around, then end them:"
    say "  tools/lab.sh exec --state $state T bash"
    say "  tools/lab.sh down --state $state; rm -r $work"
    exit 0
  fi
  [[ ! -d $state ]] || lab down || code=1
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

engine=$root/build/release/bin/borg-engine
if [[ -z $prebuilt ]]; then
  next "building borg-engine"
  "$root/tools/build.sh" release borg-engine
fi
[[ -x $engine ]] || fail "$engine is not there (./dev build makes it)"

next "starting a target T and a repository server B, each with its own sshd"
lab up >"$work/status"
mode=$(cut -d' ' -f1 "$state/mode")
if [[ $mode == namespaces ]]; then
  on T bash -c "! timeout 2 bash -c '</dev/tcp/$(<"$state/B/address")/22' 2>/dev/null" || fail "T reaches B, which it must not"
  say "    T is $(<"$state/T/address"), B is $(<"$state/B/address"); there is no route between them"
  user=backup source=/home/backup/documents repositories=/home/backup/repositories
else
  user=$(id -un) source=$state/T/data/documents repositories=$state/B/data/repositories
fi

next "writing something worth a backup on T"
on T bash -s "$source" "$user" <<'SCRIPT'
set -e
mkdir -p "$1"
for n in $(seq 1 200); do seq "$n" $((n * 20)) >"$1/number $n.txt"; done
head -c 20000000 /dev/urandom >"$1/photo.raw"
echo 'left out' >"$1/cache.tmp"
chown -R "$2" "$1"
SCRIPT
on B install -d -m 700 -o "$user" "$repositories"

known_host() { # HOST: as ssh-keyscan prints it
  local address port
  address=$(<"$state/$1/address") port=$(<"$state/$1/port")
  [[ $port == 22 ]] || address="[$address]:$port"
  sed "s/^/$address /; s/ [^ ]*\$//" "$state/$1"/ssh_host_*_key.pub
}
endpoint() { # HOST
  printf 'Host = "%s:%s"\nUserName = "%s"\nKnownHost = """\n%s\n"""\nPrivateKey = """\n%s\n"""\n' \
    "$(<"$state/$1/address")" "$(<"$state/$1/port")" "$user" "$(known_host "$1")" "$(<"$state/keys/ed25519")"
}
passphrase=$(head -c 24 /dev/urandom | base64)
toml=$work/backups.toml
(
  umask 077
  cat >"$toml" <<TOML
[Borg]
RootDir = "$repositories"
PruneSetting = "--keep-daily 7 --keep-weekly 20 --keep-last 5"
[Borg.Server]
$(endpoint B)
[[Servers]]
Name = "demo"
SourcePaths = ["$source"]
Excludes = ["**/*.tmp"]
[Servers.BorgTarget]
SubDir = "demo"
Passphrase = "$passphrase"
[Servers.Connection]
$(endpoint T)
TOML
)

backup() { # NUMBER
  on C "$engine" run --termination-log "$work/summary.$1" <"$toml" >"$work/report.$1" || { cat "$work/report.$1" >&2; fail "the backup failed"; }
}
next "first backup: borg-engine run < backups.toml"
backup 1
next "second backup, after one file changed"
on T sh -c 'echo "one more line" >>"$1/number 7.txt"' sh "$source"
backup 2

next "the report of the second run, and what borg on B lists"
tail -n 1 "$work/report.2" | python3 -m json.tool
as_borg() { # on B, as the account that owns the repository; the passphrase through a pipe
  local as=(env "HOME=$work")
  if [[ $mode == namespaces ]]; then as=(setpriv --reuid "$user" --regid "$user" --init-groups --reset-env); fi
  printf '%s' "$passphrase" | on B "${as[@]}" env BORG_PASSPHRASE_FD=0 BORG_RELOCATED_REPO_ACCESS_IS_OK=yes "$@"
}
archives=$(as_borg borg list --short "$repositories/demo")
as_borg borg list "$repositories/demo"
[[ $(wc -l <<<"$archives") == 2 ]] || fail "two archives were expected"

next "restoring one file and comparing it"
file="$source/number 7.txt"
as_borg borg extract --stdout "$repositories/demo::$(tail -n 1 <<<"$archives")" "${file#/}" >"$work/restored"
on T cat "$file" >"$work/original"
cmp "$work/original" "$work/restored"
! as_borg borg list --short "$repositories/demo::$(tail -n 1 <<<"$archives")" | grep -q 'cache\.tmp' || fail "an excluded file was backed up"
next ''
