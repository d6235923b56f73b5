#!/usr/bin/env bash
# Checks that a binary can be shipped: that it needs no other file of the machine, was built without C, and has the page in it.
set -euo pipefail
export LC_ALL=C

binary=${1:?usage: release.sh BINARY}
fail() { echo "$binary: $1" >&2; exit 1; }

go version -m "$binary" | grep -q $'build\tCGO_ENABLED=0' || fail "was built with C; build it with CGO_ENABLED=0"
if command -v ldd >/dev/null && ldd "$binary" >/dev/null 2>&1; then fail "needs libraries of the machine: $(ldd "$binary")"; fi
"$binary" version
port=$(( 20000 + RANDOM % 20000 ))
"$binary" serve --listen 127.0.0.1:$port --ops-listen 127.0.0.1:$((port + 1)) >/dev/null 2>&1 &
broker=$!
trap 'kill $broker 2>/dev/null || true' EXIT
for _ in $(seq 100); do
  if "$binary" healthcheck --live --ops-listen 127.0.0.1:$((port + 1)) >/dev/null 2>&1; then break; fi
  kill -0 $broker 2>/dev/null || fail "does not start"
  sleep 0.1
done
"$binary" healthcheck --ops-listen 127.0.0.1:$((port + 1)) || fail "is not ready"
kill -TERM $broker
wait $broker || fail "does not stop well"
trap - EXIT
echo "$binary: static, $(( $(wc -c < "$binary") >> 20 )) MiB, sha256 $(sha256sum "$binary" | cut -d' ' -f1)"
