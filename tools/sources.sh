#!/bin/bash
# Prints our own files of one kind, relative to the repository, each followed by NUL: cxx, shell, python or text (all of them and docs).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
files() { find "$@" -type f -not -path './build/*' -not -path './.deps/*' -not -path './.git/*' -not -path './.cache/*' -print0 | sort -z; }
case ${1:-} in
  cxx) files ./engine ./controller ./tests ./bench ./tools \( -name '*.cc' -o -name '*.h' \) ;;
  shell) files . \( -name '*.sh' -o -path ./dev -o -path ./.ci/run \) ;;
  python) files . -name '*.py' ;;
  text) files . \( -name '*.cc' -o -name '*.h' -o -name '*.sh' -o -name '*.py' -o -name '*.cmake' -o -name '*.txt' -o -name '*.md' \
    -o -name '*.json' -o -name '*.yaml' -o -name '*.toml' -o -path ./dev -o -path ./.ci/run -o -name '.clang-*' \) ;;
  *) echo "usage: sources.sh cxx|shell|python|text" >&2; exit 2 ;;
esac
