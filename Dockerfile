# hierbatch for one machine or a Ray cluster.
#
#   docker build --target cpu  -t hierbatch:cpu .
#   docker build --target cuda -t hierbatch:cuda .
#   docker run --rm -v "$PWD/out:/data" hierbatch:cpu demo --out /data/demo
#
# Both images take the versions of constraints.txt. The CPU image takes torch from the index of its CPU builds.

FROM python:3.12-slim-bookworm AS base
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1 RAY_USAGE_STATS_ENABLED=0
RUN useradd --create-home --uid 1000 hierbatch && mkdir /data && chown hierbatch /data
WORKDIR /opt/hierbatch
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY hierbatch ./hierbatch

FROM base AS cpu
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN pip install -c constraints.txt --extra-index-url "${TORCH_INDEX}" torch torchaudio \
    && pip install -c constraints.txt --extra-index-url "${TORCH_INDEX}" .
USER 1000
WORKDIR /data
HEALTHCHECK --interval=1m --timeout=1m --start-period=30s CMD ["hierbatch", "--version"]
ENTRYPOINT ["hierbatch"]
CMD ["--help"]

# The CUDA libraries come as packages with torch; the machine provides the driver (docker run --gpus all).
FROM base AS cuda
RUN pip install -c constraints.txt .
USER 1000
WORKDIR /data
HEALTHCHECK --interval=1m --timeout=1m --start-period=30s CMD ["hierbatch", "--version"]
ENTRYPOINT ["hierbatch"]
CMD ["--help"]
