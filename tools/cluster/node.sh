#!/bin/bash
# The first process of a cluster's node, in network, mount, process, IPC and host name namespaces of its own: node.sh STATE BRIDGE POD_NETWORK POD_GATEWAY
#
# tools/cluster.sh starts it, connects it, and starts everything else in its namespaces. When it ends, the kernel ends all processes
# there and drops all mounts, links and firewall rules. /run is the node's own and so is what it writes below /var; nothing else of this
# machine is changed. It takes in orphans, as a first process has to. STATE/node/init: its process id, once it is there.
set -euo pipefail
state=$1 bridge=$2 pod_network=$3 pod_gateway=$4
PATH=$PATH:/usr/sbin:/sbin
umask 022

read -r pid _ </proc/self/stat  # as the machine outside numbers us
mount --make-rshared /          # the kubelet's mounts are to be seen in containers that ask for it
mount -t proc proc /proc
mount -t tmpfs -o mode=755 node /run
mkdir -p /run/netns /run/lock
# Some of what kubelet and CNI write has a fixed place there.
mount -t tmpfs -o mode=755 node "$state/node/over"
mkdir "$state"/node/over/{upper,work}
mount -t overlay -o "lowerdir=/var,upperdir=$state/node/over/upper,workdir=$state/node/over/work" node /var
hostname node

ip link set lo up
ip link add "$bridge" type bridge
ip addr add "$pod_gateway/24" dev "$bridge"
ip link set "$bridge" up
sysctl -qw net.ipv4.ip_forward=1
modprobe br_netfilter 2>/dev/null || true
sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true
# Pods come to other machines by the node's address, as they do in most clusters.
iptables -w -t nat -A POSTROUTING -s "$pod_network" ! -d "$pod_network" -j MASQUERADE

echo "$pid" >"$state/node/init"
while :; do  # and reap
  (exec -a node-idle sleep infinity) &
  wait || true
done
