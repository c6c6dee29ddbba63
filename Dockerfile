# The image of `scraper`. Start it with the root file system read-only; /data is the one place it writes to:
#
#   docker build -t scraper .
#   docker run --read-only -v "$PWD/config:/config:ro" -v scraper:/data scraper run /config/books.yaml

FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN apt-get update -qq && apt-get install -qq --no-install-recommends binutils
RUN python -m venv --without-pip /opt/scraper && python -m venv /opt/build

# What changes seldom comes first: these layers are kept while only our own code changes.
COPY requirements.lock requirements-build.lock ./
RUN python -m pip --python /opt/scraper/bin/python install --require-hashes --no-compile -r requirements.lock
RUN /opt/build/bin/python -m pip install --require-hashes -r requirements-build.lock
# Symbols for debuggers are 36 MB of what is installed.
RUN find /opt/scraper -name '*.so' -exec strip --strip-unneeded {} +

COPY . .
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m pip --python /opt/scraper/bin/python install --no-deps --no-index --no-compile /wheels/*.whl

# Bytecode is made here, since nothing can be written later. It is trusted without a look at the source.
RUN /opt/scraper/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/scraper/lib


FROM python:3.13-slim
COPY --from=build /opt/scraper /opt/scraper
RUN mkdir /data && chown 10001:10001 /data

# HOME is for libraries that ask for one. A module that lies in /data is never imported.
ENV PATH=/opt/scraper/bin:$PATH \
    HOME=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1
WORKDIR /data
VOLUME /data
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 \
    CMD ["python", "-m", "scraper.health", "/data"]
ENTRYPOINT ["scraper"]
CMD ["--help"]
