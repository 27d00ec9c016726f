#!/bin/sh
set -eu
echo "$PACKER_BUILD_NAME $VERSION, built by $PACKER_BUILDER_TYPE" > "$MARKER"
cat "$MARKER"
