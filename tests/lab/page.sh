#!/bin/bash
# Runs the commands of a page as they stand there, on machines that are there: page.sh PAGE HEADING LAB [KUBECONFIG]
#
# What is run is each block ```sh below HEADING, a line of the page, down to the next heading of that level; the whole page where HEADING is empty.
# LAB: the state of a lab (tools/lab.sh). C is told that T is web-01.example.org and B is borg.example.org. The commands run here; but ssh, ssh-keyscan and borg-engine, in a directory of their own before all others in PATH, do so in the lab's C, from where T and B
# are reached. The lab's own key lets ssh in: it stands for whatever the reader of the page logs in with. A registry is this node's own images.
# Exit code: that of the first command that fails, or 0.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
page=$1 heading=$2 lab=$3 kubeconfig=${4:-}
work=$(mktemp -d "${TMPDIR:-/tmp}/borgop-page.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin" "$work/.ssh"
ln -s "$root"/* "$work/"
printf 'StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\nIdentityFile %s/keys/ed25519\n' "$lab" >"$work/ssh_config"
lab() { "$root/tools/lab.sh" "$1" --state "$lab" "${@:2}"; }
lab host B user borg /bin/sh
lab exec C sh -c 'grep -q example.org /etc/hosts || printf "%s web-01.example.org\n%s borg.example.org\n" "$@" >>/etc/hosts' sh \
  "$(<"$lab/T/address")" "$(<"$lab/B/address")"
in_c() { # NAME WORDS: a program of that name that runs WORDS in C
  printf '#!/bin/sh\nexec "%s/tools/lab.sh" exec --state "%s" C %s "$@"\n' "$root" "$lab" "$2" >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}
in_c ssh "/usr/bin/ssh -F '$work/ssh_config'"
in_c ssh-keyscan /usr/bin/ssh-keyscan
if [[ -n $kubeconfig ]]; then
  while read -r name path; do ln -s "$path" "$work/bin/$name"; done < <("$root/tools/cluster/programs.sh" --no-build --node --helm)
else
  in_c borg-engine "env 'HOME=$work' '${BORGOP_ENGINE:-$root/build/release/bin/borg-engine}'"
fi
awk -v heading="$heading" 'BEGIN { here = heading == ""; split(heading, word, " ") }
  $0 == heading { here = 1; next }
  heading != "" && $1 == word[1] && !on { here = 0 }
  here && /^```sh$/ { on = 1; next }
  /^```$/ { on = 0 }
  on' "$root/$page" | sed 's#registry\.example/#localhost/#g' >"$work/commands.sh"
[[ -s $work/commands.sh ]] || { echo "page.sh: $page has no commands below \"$heading\"" >&2; exit 1; }
cd "$work"
HOME=$work KUBECONFIG=$kubeconfig PATH=$work/bin:$PATH bash -euxo pipefail commands.sh
