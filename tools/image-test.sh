#!/usr/bin/env bash
# Build the image and crawl in it: read-only root, a stop, a second run, the health check.
#
#   tools/image-test.sh
#
# Needs a Docker engine. IMAGE_TOOL names a command that stands in for one: it takes `build DIR`, `inspect` (the image's
# config as JSON), `run -v HOST:DIR -- ARG...` and `health -v HOST:DIR`.
set -euo pipefail
cd "$(dirname "$0")/.."

image=scraper:test
say() { echo "image-test: $*" >&2; }
fail() { say "FAILED: $*"; exit 1; }

if [[ -n ${IMAGE_TOOL:-} ]]; then
  build() { "$IMAGE_TOOL" build .; }
  inspect() { "$IMAGE_TOOL" inspect; }
  run() { exec "$IMAGE_TOOL" run -v "$data:/data" -- "$@"; }
  health() { "$IMAGE_TOOL" health -v "$data:/data"; }
elif docker info >/dev/null 2>&1; then
  contained=(docker run --rm --read-only -v)
  build() { docker build --quiet --tag "$image" .; }
  inspect() { docker image inspect --format '{{json .Config}}' "$image"; }
  run() { exec "${contained[@]}" "$data:/data" "$image" "$@"; }
  health() { "${contained[@]}" "$data:/data" --entrypoint python "$image" -m scraper.health /data; }
else
  say "**********************************************************************"
  say "NOT TESTED: no Docker engine answers, and IMAGE_TOOL names no stand-in."
  say "**********************************************************************"
  exit 0
fi

data=$(mktemp -d)
chmod 777 "$data" # the image's user is none of ours
crawl=''
finish() {
  [[ -z $crawl ]] || kill -TERM "$crawl" 2>/dev/null && wait "$crawl" 2>/dev/null || true
  rm -rf "$data" "$data.log"
}
trap finish EXIT

crawls() { [[ -n $(find "$data" -name 'x.db-wal' -size +100k) ]]; }
until_crawling() {
  for _ in {1..300}; do
    crawls && return
    kill -0 "$crawl" 2>/dev/null || fail "the crawl ended before it began"
    sleep 0.2
  done
  fail "the crawl did not begin within a minute"
}

say "building"
build >/dev/null
inspect | tr -d ' \n' | grep -Eq '"User":"[1-9][0-9]*(:[0-9]+)?"' || fail "the image's user is not numeric, or root"

say "the command"
[[ $(run --version) == *scraper* || $(run --version) =~ [0-9]+\.[0-9]+ ]] || fail "--version says nothing"

say "a crawl that is stopped: exit status 4, in time"
(run demo --db x.db --set politeness.per_host=4 --log-format json) >"$data.log" 2>&1 &
crawl=$!
until_crawling
health || fail "a live crawl is called stuck"
began=$SECONDS status=0
kill -TERM "$crawl"
wait "$crawl" || status=$?
crawl=''
((status == 4)) || fail "a stopped crawl ended with $status: $(tail -5 "$data.log")"
((SECONDS - began <= 12)) || fail "it took $((SECONDS - began)) s to stop"

say "the same command finishes the job"
(run demo --db x.db -q) || fail "the second run ended with $?"

say "a stuck crawl is told from a live one"
if command -v flock >/dev/null; then
  exec 9>>"$data/x.db.lock"
  flock 9
  health || fail "a lock that was just renewed is called stuck"
  touch -d '-2 minutes' "$data/x.db.lock"
  ! health || fail "a stuck crawl is called live"
  exec 9>&-
fi
health || fail "a lock that nobody holds is called stuck"
say "passed"
