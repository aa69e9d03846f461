#!/bin/bash
# Our calls, those of gRPC C++ (Debian's libgrpc++) and of grpc-swift-2, and libzmq alone: same payloads, in turn.
# Usage: Tests/Benchmarks/rpc/compare.sh [REPEATS]; prints a table of medians, and leaves every figure in FIGURES if it is set.
# Needs g++, libgrpc++-dev and protobuf-compiler-grpc, which it installs, and a quiet machine. Without the packages of
# grpc-swift-2, whose first build takes minutes, its rows are missing.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=deploy/prepare.sh
source deploy/prepare.sh
repeats=${1:-3}
install_packages "${libraries[@]}" g++ libgrpc++-dev protobuf-compiler protobuf-compiler-grpc

work=$(mktemp -d)
chmod 700 "$work"
trap 'rm -rf "$work"' EXIT
here=Tests/Benchmarks/rpc
protoc -I "$here" --cpp_out="$work" --grpc_out="$work" \
    --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" echo.proto
read -r -a libraries_of_grpc < <(pkg-config --cflags --libs grpc++ protobuf)
g++ -O2 -std=c++17 -I "$work" "$here/grpc_peer.cpp" "$work"/echo.pb.cc "$work"/echo.grpc.pb.cc \
    -o "$work/grpc_peer" "${libraries_of_grpc[@]}"
gcc -O2 "$here/floor.c" -o "$work/floor" -lzmq
swift build "${flags[@]}" --product atelier >&2
atelier=$(programs)/atelier
in_swift=(-c release --package-path "$here/GRPCSwift" --scratch-path .build-grpc-swift)
if swift build "${in_swift[@]}" >&2; then
    grpc_swift=$(swift build "${in_swift[@]}" --show-bin-path)/grpc-swift-peer
else
    echo "grpc-swift-2 cannot be built here: its rows are missing" >&2
    grpc_swift=
fi
"$atelier" keys init --keys "$work/keys" >&2

figures=${FIGURES:-$work/figures}
: >"$figures"
measure() { # measure NAME COMMAND...
    local name=$1
    shift
    printf '%s\t%s\n' "$name" "$("$@")" | tee -a "$figures" >&2
}
all=(100096 256 200 10)
few=(20224 256 50 3) # grpc-swift-2 would take minutes.
ours=(bench rpc --json --pipelined 100096 --concurrency 256 --echoes 200 --transfers 10)
for ((repeat = 1; repeat <= repeats; repeat++)); do
    socket=$work/$repeat
    measure "libzmq alone, ipc" "$work/floor" "ipc://$socket.floor"
    measure "gRPC C++ sync, unix socket" "$work/grpc_peer" sync "unix:$socket.sync" "${all[@]}"
    measure "gRPC C++ callback, unix socket" "$work/grpc_peer" callback "unix:$socket.callback" "${all[@]}"
    [ -z "$grpc_swift" ] || measure "grpc-swift-2, unix socket" "$grpc_swift" "unix:$socket.swift" "${few[@]}"
    measure "Atelier, ipc" "$atelier" "${ours[@]}" --address "ipc://$socket.atelier"
    port=$((20000 + RANDOM % 10000))
    measure "libzmq alone, tcp" "$work/floor" "tcp://127.0.0.1:$port"
    measure "gRPC C++ sync, tcp" "$work/grpc_peer" sync "127.0.0.1:$((port + 1))" "${all[@]}"
    measure "gRPC C++ callback, tcp" "$work/grpc_peer" callback "127.0.0.1:$((port + 2))" "${all[@]}"
    [ -z "$grpc_swift" ] || measure "grpc-swift-2, tcp" "$grpc_swift" "127.0.0.1:$((port + 3))" "${few[@]}"
    measure "Atelier, tcp" "$atelier" "${ours[@]}"
    measure "Atelier, tcp with CURVE" "$atelier" "${ours[@]}" --keys "$work/keys"
done
python3 "$here/table.py" "$figures"
