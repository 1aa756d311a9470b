# Builds all that a release consists of, without anything on the host but Docker: docker build --output dist .
FROM swift:6.3-bookworm AS build
RUN apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      binaryen binutils ca-certificates gcc git gpgv libc6-dev make python3 python3-dev python3-venv xz-utils && \
    rm -rf /var/lib/apt/lists/*
COPY . /stepsize
WORKDIR /stepsize
RUN make dist

FROM scratch
COPY --from=build /stepsize/dist /
