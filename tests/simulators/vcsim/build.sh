#!/bin/sh
# build.sh OUTPUT CACHE: builds the simulator from Debian's packages, offline. The first time takes
# minutes, after that the cache makes it seconds. 77: no Go here, the tests that need it are skipped.
set -eu
output=$1
cache=$2
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v go >/dev/null || [ ! -d /usr/share/gocode/src/github.com/vmware/govmomi/simulator ]; then
  echo "vcsim is not built: golang-go and golang-github-vmware-govmomi-dev are missing (ops/deps)" >&2
  exit 77
fi
mkdir -p "$(dirname "$output")"
cd "$here"
GOCACHE=$cache GO111MODULE=off GOPATH=/usr/share/gocode exec nice go build -o "$output" .
