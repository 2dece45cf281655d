# shellcheck shell=bash
# A cluster's node: its namespaces, its link to this machine, and how containerd, kubelet, kube-proxy and CoreDNS are run in it. Sourced by
# tools/cluster.sh. STATE/node/: init (process id of the first process), address, host-address, link, cgroup, and what the parts write.
# shellcheck disable=SC2154,SC2034
node_parts=(containerd coredns kubelet kube-proxy)
# Each node has a network of its own, so these are the same in every cluster; only the link between it and this machine differs.
bridge=pods0 pod_network=10.244.0.0/24 pod_gateway=10.244.0.1

why_no_node() { # on stdout, why there can be none here; 1 if there can
  ((EUID == 0)) || { echo "a node needs root"; return; }
  local program
  for program in containerd runc ctr ip iptables nsenter unshare conntrack cc; do
    command -v "$program" >/dev/null || { echo "a node needs the program $program: ./dev setup --node"; return; }
  done
  [[ -x /usr/lib/cni/bridge ]] || { echo "a node needs CNI plugins in /usr/lib/cni (containernetworking-plugins): ./dev setup --node"; return; }
  unshare --net --mount --pid --uts --ipc --fork --kill-child=KILL --mount-proc true 2>/dev/null || { echo "no namespaces here"; return; }
  return 1
}

in_node() { # COMMAND…
  nsenter --mount --uts --ipc --net --pid --target "$(<"$state/node/init")" "--wdns=/" -- "$@"
}
inner_process() { # PID of an nsenter: what it runs in the node
  local tries child
  for ((tries = 0; tries < 250; tries++)); do
    child=$(cat "/proc/$1/task/$1/children" 2>/dev/null) || return 0
    [[ -z $child ]] || { echo "${child%% *}"; return; }
    sleep 0.02
  done
}

# Only the link is seen on this machine: its name is what reserves a network.
connect_node() {
  local n
  for ((n = 0; n < 256; n++)); do
    ! ip -br -4 addr | grep -q "[^0-9]10\.232\.$n\." || continue
    ip link add "borgop$n" type veth peer name eth0 netns "/proc/$(<"$state/node/init")/ns/net" 2>/dev/null || continue
    ip link set "borgop$n" alias "$(tr ' ' - <"$state/serve")"  # whose it is
    echo "borgop$n" >"$state/node/link"
    echo "10.232.$n.2" >"$state/node/address"
    ip addr add "10.232.$n.1/30" dev "borgop$n"
    ip link set "borgop$n" up
    in_node sh -ec 'ip addr add "$1/30" dev eth0; ip link set eth0 up; ip route add default via "$2"' sh "10.232.$n.2" "10.232.$n.1"
    return
  done
  fail "no free network for the node"
}

# All pods live below one control group; its name says whose it is.
cgroup_roots() {
  if [[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]]; then echo /sys/fs/cgroup; else ls -d /sys/fs/cgroup/*/; fi
}
make_cgroup() {
  local top name
  name=borgop-$(tr ' ' - <"$state/serve")
  echo "$name" >"$state/node/cgroup"
  for top in $(cgroup_roots); do
    [[ -w $top/cgroup.procs && ${top%/} != */unified ]] || continue
    mkdir -p "${top%/}/$name"
    # Version 2 gives a child only what its parent names.
    if [[ -w ${top%/}/cgroup.subtree_control ]]; then sed 's/^\| / +/g' "${top%/}/cgroup.controllers" >"${top%/}/cgroup.subtree_control" || true; fi
  done
}
remove_cgroup() { # NAME: what is left of it once its processes are gone
  local tries left
  for ((tries = 0; tries < 100; tries++)); do
    mapfile -t left < <(find /sys/fs/cgroup -maxdepth 2 -type d -name "$1" 2>/dev/null)
    ((${#left[@]})) || return 0
    find "${left[@]}" -depth -type d -exec rmdir {} + 2>/dev/null || true
    sleep 0.1
  done
  warn "control groups are left: $1"
}
sweep_nodes() { # links and control groups of clusters that were killed: the kernel may take its time with a network
  local name owner link
  for link in /sys/class/net/borgop*; do
    owner=$(cat "$link/ifalias" 2>/dev/null) || continue
    [[ -n $owner ]] || continue
    [[ $(identity "${owner%-*}") == "${owner/-/ }" ]] || ip link del "${link##*/}" 2>/dev/null || true
  done
  for name in $(find /sys/fs/cgroup -maxdepth 2 -type d -name 'borgop-*-*' -printf '%f\n' 2>/dev/null | sort -u); do
    owner=${name#borgop-}
    [[ $(identity "${owner%-*}") == "${owner/-/ }" ]] || remove_cgroup "$name"
  done
}

start_node() { # its namespaces and its link, and containerd, so that images are imported while the control plane starts
  mkdir -p "$state"/node/{over,cni}
  make_cgroup
  setpriv --pdeathsig KILL unshare --net --mount --pid --ipc --uts --fork --kill-child=KILL "$root/tools/cluster/node.sh" "$state" \
    "$bridge" "$pod_network" "$pod_gateway" >"$state/log/node.log" 2>&1 </dev/null 3>&- &
  identity $! >"$state/node/holder"
  disown $!
  local end=$((SECONDS + 30))
  until [[ -s $state/node/init ]]; do
    if ((SECONDS >= end)) || ! runs "$state/node/holder" >/dev/null; then
      tail -n 5 "$state/log/node.log" >&2
      fail "the node did not start"
    fi
    sleep 0.02
  done
  connect_node
}

define_in_node() { # PART COMMAND…: see define
  local part=$1
  shift
  echo - >"$state/port/$part"
  { printf 'umask 022\nexec setpriv --pdeathsig KILL nsenter --mount --uts --ipc --net --pid --target %q --wdns=/ -- setpriv --pdeathsig KILL' \
    "$(<"$state/node/init")"
    printf ' %q' "$@"; echo; } >"$state/command/$part"
}

define_containerd() {
  local snapshotter=overlayfs
  # An overlay does not go over an overlay.
  [[ $(stat -fc %T "$state") != overlayfs ]] || snapshotter=native
  cat >"$state/node/containerd.toml" <<TOML
version = 2
root = "$state/node/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  # Without the right to lower it, no container would start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$snapshotter"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/node/cni"
TOML
  cat >"$state/node/cni/10-bridge.conflist" <<JSON
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "$bridge", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$pod_network"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
  define_in_node containerd "$(type -P containerd)" --config "$state/node/containerd.toml"
}
kubeconfig_of() { "$root/tools/cluster/certificates.sh" kubeconfig "$state/pki" "$(<"$state/server")" "$1" >"$state/pki/$1.kubeconfig"; } # NAME

define_coredns() {
  # Services have names by the environment of pods only; what outside of the cluster has a name stands in node/hosts.
  cat >"$state/node/Corefile" <<DNS
.:53 {
  bind $pod_gateway
  errors
  ready $pod_gateway:8181
  hosts $state/node/hosts {
    reload 1s
  }
}
DNS
  echo "10.96.0.1 kubernetes.default.svc.cluster.local kubernetes.default.svc" >"$state/node/hosts"
  define_in_node coredns "${program[coredns]}" -conf "$state/node/Corefile"
}
define_kubelet() {
  kubeconfig_of kubelet
  echo "nameserver $pod_gateway" >"$state/node/resolv.conf"
  cat >"$state/node/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $state/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $state/pki/kubelet.crt
tlsPrivateKeyFile: $state/pki/kubelet.key
cgroupDriver: cgroupfs
cgroupRoot: /$(<"$state/node/cgroup")
failCgroupV1: false
failSwapOn: false
resolvConf: $state/node/resolv.conf
clusterDNS: [$pod_gateway]
clusterDomain: cluster.local
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
YAML
  define_in_node kubelet "${program[kubelet]}" --config "$state/node/kubelet.yaml" --kubeconfig "$state/pki/kubelet.kubeconfig" \
    --hostname-override node --node-ip "$(<"$state/node/address")" --root-dir "$state/node/kubelet"
}
define_kube-proxy() {
  kubeconfig_of kube-proxy
  cat >"$state/node/kube-proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clientConnection: {kubeconfig: $state/pki/kube-proxy.kubeconfig}
hostnameOverride: node
clusterCIDR: $pod_network
# What it would set is this machine's, not the node's.
conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
YAML
  define_in_node kube-proxy "${program[kube-proxy]}" --config "$state/node/kube-proxy.yaml"
}

is_node_part_ready() { # PART
  case $1 in
    containerd) in_node timeout 5 ctr version >/dev/null 2>&1 ;;
    coredns) ask /ready --kubeconfig /dev/null --server "http://$pod_gateway:8181" ;;
    kubelet)
      timeout 5 "${program[kubectl]}" --kubeconfig "$state/kubeconfig" wait --for=condition=Ready node/node --timeout=2s >/dev/null 2>&1
      ;;
    kube-proxy) ask /healthz --kubeconfig /dev/null --server http://127.0.0.1:10256 ;;
  esac
}
start_node_part() { # PART
  local part=$1
  "define_$part"
  launch "$part"
}
await_node_part() { # PART
  ! await "$1" || return 0
  say "the last lines of $state/log/$1.log:"
  tail -n 15 "$state/log/$1.log" >&2
  fail "$1 did not start"
}

complete_node() { # once there is an API server
  local part
  step "node: containerd, CoreDNS, kubelet, kube-proxy"
  await_node_part containerd
  import_images "$("$root/tools/cluster/pause.sh")"
  for part in coredns kubelet kube-proxy; do start_node_part $part; done
  for part in coredns kubelet kube-proxy; do await_node_part $part; done
}
remove_node() { # what the kernel does not remove by itself, and what it removes a moment later
  local link end=$((SECONDS + 20))
  if link=$(cat "$state/node/link" 2>/dev/null); then
    ip link del "$link" 2>/dev/null || true
    while [[ -e /sys/class/net/$link ]]; do
      ((SECONDS < end)) || fail "the link $link does not go"
      sleep 0.02
    done
  fi
  [[ ! -s $state/node/cgroup ]] || remove_cgroup "$(<"$state/node/cgroup")"
}

import_images() { # ARCHIVE…: made by `./dev images`, `docker save` or the like
  local archive
  for archive in "$@"; do
    in_node ctr -n k8s.io images import - <"$archive" >>"$state/log/images.log" 2>&1 ||
      { tail -n 3 "$state/log/images.log" >&2; fail "$archive cannot be imported"; }
  done
}
