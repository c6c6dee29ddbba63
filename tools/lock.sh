#!/bin/sh
# Resolve requirements.lock and those of the groups dev, bench and build anew: hashes for all platforms, no addresses. Needs uv.
set -eu
command -v uv >/dev/null || { echo "lock: needs uv" >&2; exit 2; }
resolve() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@" >/dev/null
}
resolve --upgrade pyproject.toml -o requirements.lock
resolve --upgrade --group dev -c requirements.lock -o requirements-dev.lock
resolve --upgrade --group bench -c requirements.lock -c requirements-dev.lock -o requirements-bench.lock
resolve --upgrade --group build -o requirements-build.lock
