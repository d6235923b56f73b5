#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, for the time given (such as 10s).
set -euo pipefail

time=${1:?usage: fuzz.sh TIME}
files=$(grep -rl --include='*_test.go' '^func Fuzz' protocol wasm broker | sort)
for file in $files; do
  folder=$(dirname "$file")
  for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
    echo "== $folder $target"
    go test -run='^$' -fuzz="^$target\$" -fuzztime="$time" "./$folder"
  done
done
