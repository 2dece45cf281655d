#!/bin/bash
# Makes what the programs of one control plane know each other by.
#
#   certificates.sh DIR [NODE_ADDRESS]
#                             the certificates, the key for service account tokens and the administrator's token, in DIR;
#                             with an address also what a node with that address needs, where the API server is, too
#   certificates.sh kubeconfig DIR URL NAME [TOKEN]
#                             a kubeconfig on stdout: client NAME's certificate, and with TOKEN a second context NAME-token
#
# etcd has an authority of its own, so that no client certificate of the cluster opens it, and so have proxies in front of API servers, of
# which there are none (programs complain without). Everything is valid for 30 days, made anew for
# each control plane, and removed with it.
set -euo pipefail
umask 077

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }
authority() { # NAME
  key "$1.key"
  openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 30 -out "$1.crt" -addext keyUsage=critical,keyCertSign,digitalSignature,cRLSign
}
certificate() { # AUTHORITY NAME SUBJECT EXTENSION…
  local ca=$1 name=$2 subject=$3
  shift 3
  key "$name.key"
  openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr"
  printf '%s\n' keyUsage=critical,digitalSignature "$@" >"$name.ext"
  openssl x509 -req -in "$name.csr" -CA "$ca.crt" -CAkey "$ca.key" -set_serial "0x$(openssl rand -hex 8)" -days 30 -extfile "$name.ext" \
    -out "$name.crt" 2>/dev/null
  rm "$name.csr" "$name.ext"
}
inline() { base64 -w0 "$1"; }

if [[ $1 == kubeconfig ]]; then
  dir=$2 url=$3 name=$4 token=${5:-}
  printf '%s\n' 'apiVersion: v1' 'kind: Config' 'clusters:' '  - name: cluster' '    cluster:' "      server: $url" \
    "      certificate-authority-data: $(inline "$dir/ca.crt")" 'users:' "  - name: $name" '    user:' \
    "      client-certificate-data: $(inline "$dir/$name.crt")" "      client-key-data: $(inline "$dir/$name.key")"
  [[ -z $token ]] || printf '%s\n' "  - name: $name-token" '    user:' "      token: $token"
  printf '%s\n' 'contexts:' "  - name: $name" "    context: {cluster: cluster, user: $name}"
  [[ -z $token ]] || printf '%s\n' "  - name: $name-token" "    context: {cluster: cluster, user: $name-token}"
  printf '%s\n' "current-context: $name"
  exit
fi

node_address=${2:-}
mkdir -p "$1"
cd "$1"
authority ca
authority etcd-ca
authority front-proxy-ca
local_names=subjectAltName=DNS:localhost,IP:127.0.0.1
certificate etcd-ca etcd /CN=etcd extendedKeyUsage=serverAuth,clientAuth $local_names &
certificate etcd-ca etcd-client /CN=kube-apiserver extendedKeyUsage=clientAuth &
certificate ca apiserver /CN=kube-apiserver extendedKeyUsage=serverAuth \
  "$local_names,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,IP:10.96.0.1${node_address:+,IP:$node_address}" &
certificate ca admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth &
certificate ca controller-manager /CN=system:kube-controller-manager extendedKeyUsage=clientAuth &
certificate ca scheduler /CN=system:kube-scheduler extendedKeyUsage=clientAuth &
if [[ -n $node_address ]]; then
  certificate ca kubelet /O=system:nodes/CN=system:node:node extendedKeyUsage=serverAuth,clientAuth "subjectAltName=DNS:node,IP:$node_address" &
  certificate ca kube-proxy /CN=system:kube-proxy extendedKeyUsage=clientAuth &
  certificate ca apiserver-kubelet /O=system:masters/CN=apiserver-kubelet-client extendedKeyUsage=clientAuth &
fi
key service-accounts.key
openssl pkey -in service-accounts.key -pubout -out service-accounts.pub
openssl rand -hex 24 >admin.token
printf '%s,admin,admin,"system:masters"\n' "$(<admin.token)" >tokens.csv
for job in $(jobs -p); do wait "$job"; done
