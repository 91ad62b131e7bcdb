# initguard's image: three static programs, the public CAs and licences, no shell. `make image`
# puts them into bin/ and builds it; it needs no base image.
FROM scratch
COPY bin/initguard /initguard
COPY bin/initguard-scanner /initguard-scanner
COPY bin/tini-static /usr/bin/tini-static
COPY bin/tini-copyright /usr/share/doc/tini/copyright
COPY bin/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY bin/ca-certificates-copyright /usr/share/doc/ca-certificates/copyright
USER 65532:65532
ENTRYPOINT ["/usr/bin/tini-static", "--", "/initguard"]
