# Two images: `engine`, what a backup's pod runs, and `controller`, the operator.
#
#   docker build --target engine -t borg-engine .
#   docker build --target controller -t borg-operator .
#
# ./dev images builds both without a registry, by buildah, and writes archives, sizes and a list of what is in them. Args: BASE, a Debian
# 12 or 13 (pin it by digest where images are published), PROGRAMS, compiled (here, from the sources) or prebuilt (by ./dev images
# --prebuilt: those of this machine, where BASE is of its release), VERSION and REVISION, for the labels.
ARG BASE=docker.io/library/debian:trixie-slim
ARG PROGRAMS=compiled

FROM ${BASE} AS compiled
COPY tools/packages.sh tools/apt_mirror.sh tools/setup_libssh2.sh tools/terminal.sh /src/tools/
COPY engine/ssh /src/engine/ssh
RUN apt-get update -q \
  && bash -c '. /src/tools/packages.sh; DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${build_packages[@]}" ca-certificates libssh2-1-dev' \
  && /src/tools/setup_libssh2.sh
COPY CMakeLists.txt CMakePresets.json /src/
COPY cmake /src/cmake
COPY engine /src/engine
COPY controller /src/controller
RUN cd /src && cmake --preset release -DBORGOP_TESTS=OFF && cmake --build build/release --target borg-engine borg-operator
COPY tools/images /src/tools/images
RUN /src/tools/images/collect.sh /src/build/release/bin /out

FROM scratch AS prebuilt
COPY build/images/prebuilt /out

FROM ${PROGRAMS} AS programs

# borg and the engine on Debian: what runs here is told to scanners by dpkg's own records.
FROM ${BASE} AS engine
COPY --from=programs /out/engine /
RUN apt-get update -q \
  && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends borgbackup $(cat /usr/share/borg-operator/packages) \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/log/* /usr/share/doc/*/changelog* \
  && find / -xdev -name __pycache__ -prune -exec rm -rf {} + \
  && echo 'borg-engine:x:65532:65532::/tmp:/usr/sbin/nologin' >>/etc/passwd && echo 'borg-engine:x:65532:' >>/etc/group \
  && borg-engine --version && borg --version
ARG VERSION=0 REVISION=unknown
LABEL org.opencontainers.image.title="borg-engine" \
  org.opencontainers.image.description="Backs up machines with Borg over SSH, from a third machine" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["borg-engine"]
CMD ["run"]

# The program, the libraries that it loads, time zones and certificates: no shell, no package manager.
FROM scratch AS controller
COPY --from=programs /out/controller /
ARG VERSION=0 REVISION=unknown
LABEL org.opencontainers.image.title="borg-operator" \
  org.opencontainers.image.description="Has Kubernetes back machines up with Borg" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
ENV PATH=/usr/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["/usr/bin/borg-operator"]
CMD ["run"]
