# shellcheck shell=bash
# How the parts of a control plane are run: PART_on PORT writes command/PART (see `define` in tools/cluster.sh, which sources this).
#
# Without a node all of it listens on loopback. With one it runs in the node's network, where its API server listens on all
# addresses: pods and this machine come to it by the node's address.
# shellcheck disable=SC2154,SC2034

etcd_on() { # PORT
  local pki=$state/pki
  etcd_url=https://127.0.0.1:$1
  define etcd "$1" "${program[etcd]}" --name default --data-dir "$state/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls "$etcd_url" --advertise-client-urls "$etcd_url" --listen-peer-urls http://127.0.0.1:0 \
    --cert-file "$pki/etcd.crt" --key-file "$pki/etcd.key" --client-cert-auth --trusted-ca-file "$pki/etcd-ca.crt"
}
apiserver_on() { # PORT
  local pki=$state/pki url=https://127.0.0.1:$1 where
  # Kubernetes refuses loopback as the address of its own service, so that has none.
  where=(--bind-address 127.0.0.1 --advertise-address 127.0.0.1 --endpoint-reconciler-type none)
  if [[ -n $node ]]; then
    url=https://$(<"$state/node/address"):$1
    where=(--bind-address 0.0.0.0 --advertise-address "$(<"$state/node/address")" --kubelet-preferred-address-types InternalIP
      --kubelet-certificate-authority "$pki/ca.crt" --kubelet-client-certificate "$pki/apiserver-kubelet.crt"
      --kubelet-client-key "$pki/apiserver-kubelet.key")
  fi
  echo "$url" >"$state/server"
  "$root/tools/cluster/certificates.sh" kubeconfig "$pki" "$url" admin "$(<"$pki/admin.token")" >"$state/kubeconfig"
  define apiserver "$1" "${program[kube-apiserver]}" --secure-port "$1" "${where[@]}" \
    --etcd-servers "$etcd_url" --etcd-cafile "$pki/etcd-ca.crt" --etcd-certfile "$pki/etcd-client.crt" \
    --etcd-keyfile "$pki/etcd-client.key" --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
    --client-ca-file "$pki/ca.crt" --requestheader-client-ca-file "$pki/front-proxy-ca.crt" --token-auth-file "$pki/tokens.csv" --authorization-mode Node,RBAC \
    --enable-admission-plugins NodeRestriction --service-account-issuer https://kubernetes.default.svc.cluster.local \
    --service-account-key-file "$pki/service-accounts.pub" --service-account-signing-key-file "$pki/service-accounts.key" \
    --service-cluster-ip-range 10.96.0.0/16 --allow-privileged \
    --audit-policy-file "$root/tools/cluster/audit-policy.yaml" --audit-log-path "$state/audit.log"
}
client_on() { # PROGRAM PORT: what the controllers and the scheduler have in common
  local config=$state/pki/$1.kubeconfig
  "$root/tools/cluster/certificates.sh" kubeconfig "$state/pki" "$(<"$state/server")" "$1" >"$config"
  common=("${program[kube-$1]}" --kubeconfig "$config" --authentication-kubeconfig "$config" --authorization-kubeconfig "$config"
    --bind-address 127.0.0.1 --secure-port "$2" --tls-cert-file "$state/pki/apiserver.crt"
    --tls-private-key-file "$state/pki/apiserver.key" --leader-elect=false)
}
controller_manager_on() { # PORT
  client_on controller-manager "$1"
  define controller-manager "$1" "${common[@]}" --use-service-account-credentials \
    --service-account-private-key-file "$state/pki/service-accounts.key" --root-ca-file "$state/pki/ca.crt" \
    --cluster-signing-cert-file "$state/pki/ca.crt" --cluster-signing-key-file "$state/pki/ca.key"
}
scheduler_on() { # PORT
  client_on scheduler "$1"
  define scheduler "$1" "${common[@]}"
}

# Each has a certificate of this very cluster's authority, so that no other program on the port is taken for it.
is_control_plane_part_ready() { # PART
  local pki=$state/pki url as_admin
  # kubectl asks for a user's name where it has no certificate.
  as_admin=(--kubeconfig /dev/null --certificate-authority "$pki/ca.crt" --client-certificate "$pki/admin.crt" --client-key "$pki/admin.key")
  url=https://127.0.0.1:$(<"$state/port/$1")
  case $1 in
    etcd)
      ask /health --kubeconfig /dev/null --server "$url" --certificate-authority "$pki/etcd-ca.crt" \
        --client-certificate "$pki/etcd-client.crt" --client-key "$pki/etcd-client.key"
      ;;
    apiserver) ask /readyz --kubeconfig "$state/kubeconfig" ;;
    scheduler) ask /healthz --server "$url" "${as_admin[@]}" ;;
    controller-manager)
      ask /healthz --server "$url" "${as_admin[@]}" &&
        ask /api/v1/namespaces/default/serviceaccounts/default --kubeconfig "$state/kubeconfig"
      ;;
  esac
}
