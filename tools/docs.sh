#!/bin/bash
# ./dev docs: writes the pages that are made from the sources: docs/errors.md, docs/cli.md, docs/operator-cli.md, docs/helm-values.md
# and docs/fields.md; and what the chart has from crds/ and deploy/, of which it has copies, as Flux leaves symbolic links out of what it
# takes from a repository.
# Exit code: 0 written, 1 failed, 2 usage.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
(($# == 0)) || fail "docs: unknown argument $1" 2
"$root/tools/build.sh" release borg-engine borg-operator
bin=$root/build/release/bin
write() { # PAGE PROGRAM ARGUMENT…
  local page=$root/docs/$1.md
  "${@:2}" >"$page.new"
  mv "$page.new" "$page"
}
errors() { "$bin/borg-engine" reference errors && "$bin/borg-operator" reference errors; }
write errors errors
write cli "$bin/borg-engine" reference cli
write operator-cli "$bin/borg-operator" reference
write helm-values "$root/tools/helm_values.py"
write fields "$root/tools/crd_reference.py"
cp "$root"/crds/borg-operator.dev_*.yaml "$root/helm/files/crds/"
cp "$root/deploy/cluster-wide/rbac.yaml" "$root/helm/files/cluster-rbac.yaml"
cp "$root/deploy/one-namespace/rbac.yaml" "$root/helm/files/namespace-rbac.yaml"
cp "$root/deploy/namespace-schedule/rbac.yaml" "$root/helm/files/trigger-rbac.yaml"
