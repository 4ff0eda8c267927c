# One static binary in an empty image. `make image` builds it: with the builder below, or with one made of this machine's own
# compiler and crates where no registry can be reached.
ARG BUILDER=rust:1.95-bookworm

FROM ${BUILDER} AS builder
WORKDIR /memtrend
COPY . .
ARG REVISION=unknown
# The state folder may be written by every user, as /tmp: whoever memtrend runs as, and a volume takes it over.
RUN MEMTREND_REVISION=${REVISION} scripts/static \
  && mkdir -p /image/var/lib/memtrend \
  && chmod 1777 /image/var/lib/memtrend \
  && cp target/*/release/memtrend /image/memtrend

FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="memtrend" \
  org.opencontainers.image.description="Prometheus exporter that says how fast an application's memory grows and when it will hit its limit" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.licenses="Apache-2.0"
COPY --from=builder /image/ /
# As a sidecar: the application's own user, by `docker run --user` or runAsUser (docs/permissions.md).
USER 65534:65534
EXPOSE 10240
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["/memtrend", "health"]
ENTRYPOINT ["/memtrend"]
CMD ["serve"]
