#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests. CHROMIUM names one; otherwise the usual names are tried, and on
# Debian and its kin, as root, the package is installed.
set -euo pipefail

if [[ -n ${CHROMIUM:-} ]]; then
  echo "$CHROMIUM"
  exit
fi

find_chromium() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name"; then return; fi
  done
  return 1
}

if ! find_chromium; then
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    echo "The browser tests need Chromium: install it (Debian: sudo apt-get install chromium), or set CHROMIUM to its path." >&2
    exit 1
  fi
  echo "Installing Chromium for the browser tests" >&2
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium; } >&2
  find_chromium
fi
