# initguard's image: three static programs, the public CAs and licences, no shell. `make image`
# puts them into bin/linux-ARCH and builds it; it needs no base image and no network.
FROM scratch
# The builder sets it: amd64, arm64.
ARG TARGETARCH
COPY --chmod=0644 LICENSE /usr/share/doc/initguard/copyright
COPY --chmod=0755 bin/linux-${TARGETARCH}/initguard /initguard
COPY --chmod=0755 bin/linux-${TARGETARCH}/initguard-scanner /initguard-scanner
COPY --chmod=0755 bin/linux-${TARGETARCH}/tini-static /usr/bin/tini-static
COPY --chmod=0644 bin/linux-${TARGETARCH}/tini-copyright /usr/share/doc/tini/copyright
COPY --chmod=0644 bin/linux-${TARGETARCH}/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chmod=0644 bin/linux-${TARGETARCH}/ca-certificates-copyright /usr/share/doc/ca-certificates/copyright
LABEL org.opencontainers.image.title=initguard
LABEL org.opencontainers.image.description="Makes sure that PID 1 of every container reaps"
LABEL org.opencontainers.image.source=https://github.com/initguard/initguard
LABEL org.opencontainers.image.licenses=Apache-2.0
USER 65532:65532
ENTRYPOINT ["/usr/bin/tini-static", "--", "/initguard"]
