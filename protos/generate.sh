#!/bin/bash
# Writes the C of Shared/C/CWire, the Swift of Shared/Wire/Generated and Shared/RPC/Generated, and the schema of the Python
# peer from protos/*.proto.
# Usage: protos/generate.sh [options for `swift build`, such as --scratch-path DIR]
set -euo pipefail
cd "$(dirname "$0")/.."

python=Services/Reward/python/atelier_reward
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t files < <(cd protos && find . -name '*.proto' | sed 's#^\./##' | LC_ALL=C sort)
mapfile -t wire < <(printf '%s\n' "${files[@]}" | grep -v -e '^zrp.proto$' -e '^tools/')

# C. A file that did not change is not touched, so that nothing is compiled anew.
mkdir -p "$work/c/include"
(cd protos && protoc-c -I. --c_out="$work/c/include" "${files[@]}")
for source in $(cd "$work/c/include" && find . -name '*.c' | sed 's#^\./##'); do
    mv "$work/c/include/$source" "$work/c/$(echo "$source" | tr / _)"
done
{
    echo "// Written by protos/generate.sh."
    echo "#pragma once"
    for file in "${files[@]}"; do echo "#include \"${file%.proto}.pb-c.h\""; done
} >"$work/c/include/CWire.h"
printf 'module CWire {\n    header "CWire.h"\n    export *\n}\n' >"$work/c/include/module.modulemap"

replace() { # FROM TO: makes folder TO equal to FROM
    mkdir -p "$2"
    (cd "$2" && find . -type f) | while read -r file; do [ -e "$1/$file" ] || rm "$2/$file"; done
    (cd "$1" && find . -type f) | while read -r file; do
        cmp -s "$1/$file" "$2/$file" || { mkdir -p "$(dirname "$2/$file")" && cp "$1/$file" "$2/$file"; }
    done
    find "$2" -mindepth 1 -type d -empty -delete
}
replace "$work/c" Shared/C/CWire

# Swift.
(cd protos && protoc -I. --include_imports --include_source_info --descriptor_set_out="$work/set" zrp.proto "${wire[@]}")
swift build -c release -Xswiftc -enable-testing --product WireGenerator "$@" >&2
generator=$(swift build -c release --show-bin-path "$@")/WireGenerator
"$generator" "$work/set" "$work/wire" public "${wire[@]}"
# What reflection serves, and what the Python peer makes its classes from.
(cd protos && protoc -I. --include_imports --descriptor_set_out="$work/schema" "${wire[@]}")
"$generator" "$work/schema" "$work/wire" public --schema
(cd protos && protoc -I. --include_imports --descriptor_set_out="$work/python" zrp.proto "${wire[@]}")
mkdir -p "$python"
cmp -s "$work/python" "$python/schema.binpb" || cp "$work/python" "$python/schema.binpb"
"$generator" "$work/set" "$work/rpc" package zrp.proto
swift format -i -r --configuration .swift-format "$work/wire" "$work/rpc"
replace "$work/wire" Shared/Wire/Generated
replace "$work/rpc" Shared/RPC/Generated
