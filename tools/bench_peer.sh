#!/bin/bash
# Builds the peer of the controller's benchmark (bench/peer) where it changed, and prints its path: bench_peer.sh
#
# Its versions are pinned in bench/peer/go.sum. That takes three minutes of a processor, or ten seconds where Go has built Kubernetes before, as
# they share most packages. Exit code: 0 it is there, 1 it cannot be built.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
program=$root/build/bench/controller_peer log=$root/build/bench/peer.log
go=$("$root/tools/cluster/go.sh")
mkdir -p "$root/build/bench"
export CGO_ENABLED=0 GOFLAGS='' GOWORK=off GOTOOLCHAIN=local
cd "$root/bench/peer"
step "the peer on controller-runtime"
"$go" build -p "${JOBS:-$(nproc)}" -mod=readonly -trimpath -buildvcs=false -ldflags '-s -w' -o "$program" . >"$log" 2>&1 ||
  { tail -n 20 "$log" >&2; fail "the peer cannot be built (all of it: build/bench/peer.log)"; }
echo "$program"
