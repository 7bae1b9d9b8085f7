# A static binary, and nothing else.
FROM rust:1-alpine AS build
RUN apk add --no-cache build-base ca-certificates
WORKDIR /src
COPY . .
# On Alpine, Rust links statically with musl.
RUN cargo build --release --locked --package passrig --bin passrig

FROM scratch
COPY --from=build /src/target/release/passrig /passrig
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# Mount the folder with passrig.toml here; logs and reports are written to it.
WORKDIR /run/passrig
ENTRYPOINT ["/passrig"]
