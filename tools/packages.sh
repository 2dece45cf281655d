# shellcheck shell=bash
# The Debian packages that ./dev setup installs, for Debian 12 and 13. "a|b" is one need with several names: the first that the release
# has. Source it.

# Without these nothing is built.
# shellcheck disable=SC2034
build_packages=(g++ cmake ninja-build ccache pkg-config libssl-dev zlib1g-dev libyaml-cpp-dev nlohmann-json3-dev libspdlog-dev
  libcli11-dev libtomlplusplus-dev libexpected-dev libcpprest-dev libhowardhinnant-date-dev tzdata prometheus-cpp-dev
  libcivetweb-dev libmsgpack-cxx-dev libgtest-dev libgmock-dev dpkg-dev patch python3 debian-archive-keyring)
# What the tests run against: without one, its tests are skipped and say so.
# shellcheck disable=SC2034
test_packages=(borgbackup socat openssh-server openssh-client iproute2 iptables procps util-linux passwd python3-venv python3-dev python3-yaml
  libacl1-dev liblz4-dev libzstd-dev libxxhash-dev openssl prometheus)
# Login shells that an account on a target may have. Only those that the release has.
# shellcheck disable=SC2034
shell_packages=(bash bash-static dash zsh zsh-static fizsh fish tcsh csh mksh 'ksh|ksh93u+m' busybox yash rc 9base elvish xonsh posh sash
  klibc-utils rush git)
# For ./dev lint and the presets clang and asan. libclang-dev and llvm-dev: the headers that tools/tidy/own_sources.cc is built with.
# shellcheck disable=SC2034
lint_packages=(clang clang-tidy clang-format libclang-dev llvm-dev 'libclang-rt-dev|libclang-rt-19-dev|libclang-rt-14-dev' shellcheck)
# For a cluster with a node (./dev cluster up --node). Docker's own package brings the first two as well.
# shellcheck disable=SC2034
node_packages=('containerd|containerd.io' 'runc|containerd.io' containernetworking-plugins conntrack iptables iproute2 procps util-linux g++ python3
  openssl jq)
# For ./dev images.
# shellcheck disable=SC2034
image_packages=(buildah mmdebstrap debian-archive-keyring python3)
