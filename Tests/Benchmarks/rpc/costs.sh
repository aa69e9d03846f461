#!/bin/bash
# What a unary call of 64 bytes costs each end: instructions (callgrind) and allocations, of 2,000 calls more.
# Usage: Tests/Benchmarks/rpc/costs.sh; needs gcc and valgrind.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=deploy/prepare.sh
source deploy/prepare.sh
install_packages gcc libc6-dev binutils valgrind
swift build "${flags[@]}" --product atelier >&2

work=$(mktemp -d)
chmod 700 "$work"
trap 'rm -rf "$work"' EXIT
for name in allocations valgrind_shim; do
    gcc -O2 -shared -fPIC "Tests/Benchmarks/rpc/$name.c" -o "$work/$name.so"
done
# Valgrind 3.19 does not read the debug information of Swift 6.
objcopy --strip-debug "$(programs)/atelier" "$work/atelier"
# With what the program would set for itself, so that it does not start itself anew and lose valgrind.
export OMP_WAIT_POLICY=passive OPENBLAS_CORETYPE=HASWELL
address="ipc://$work/socket"
numbers=(--pipelined 1 --concurrency 1 --echoes 1 --transfers 1)

plain() { "$@"; }
instructions() {
    LD_PRELOAD="$work/valgrind_shim.so" valgrind -q --tool=callgrind --callgrind-out-file="$work/profile" "$@"
}
allocations() { LD_PRELOAD="$work/allocations.so" "$@"; }

# cost TOOL END CALLS: what the end needs for so many calls, and all around them.
cost() {
    local of_server=plain of_caller=plain
    if [ "$2" = server ]; then of_server=$1; else of_caller=$1; fi
    mkfifo "$work/input"
    : >"$work/address"
    "$of_server" "$work/atelier" bench rpc --serve --address "$address" <"$work/input" >"$work/address" 2>"$work/server" &
    local server=$!
    # The server serves until its standard input ends.
    exec 3>"$work/input"
    until grep -q : "$work/address"; do
        kill -0 "$server" || { cat "$work/server" >&2; exit 1; }
        sleep 0.1
    done
    "$of_caller" "$work/atelier" bench rpc --json --server "$address" --calls "$3" "${numbers[@]}" \
        >/dev/null 2>"$work/caller" 3>&- || { cat "$work/caller" >&2; exit 1; }
    exec 3>&-
    wait "$server"
    rm "$work/input"
    case $1 in
    instructions) sed -n 's/^summary: //p' "$work/profile" ;;
    allocations) sed -n 's/^allocations: //p' "$work/$2" ;;
    esac
}

echo "| end | instructions | allocations |"
echo "| --- | --- | --- |"
for end in caller server; do
    row="| $end |"
    for tool in instructions allocations; do
        few=$(cost $tool $end 500)
        many=$(cost $tool $end 2500)
        row+=" $(awk -v many="$many" -v few="$few" 'BEGIN { printf "%.1f", (many - few) / 2000 }') |"
    done
    echo "$row"
done
