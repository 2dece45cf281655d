#!/bin/bash
# Names the state of what ./dev setup depends on, so that the other verbs know whether it has to run (again).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
shopt -s nullglob
cat /etc/os-release "$root"/tools/{setup,setup_libssh2,setup_borg,packages}.sh "$root"/tools/borg/*.txt \
  "$root"/engine/ssh/libssh2-patches/*.patch | sha256sum | cut -c1-40
