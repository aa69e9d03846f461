#!/bin/bash
# Our calls and those of gRPC C++ (Debian's libgrpc++), same payloads, alternately.
# Usage: Tests/Benchmarks/rpc/compare.sh [REPEATS]; needs g++, libgrpc++-dev and protobuf-compiler-grpc.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=deploy/prepare.sh
source deploy/prepare.sh
repeats=${1:-3}
install_packages g++ libgrpc++-dev protobuf-compiler protobuf-compiler-grpc pkg-config

work=$(mktemp -d)
chmod 700 "$work"
trap 'rm -rf "$work"' EXIT
protoc -I Tests/Benchmarks/rpc --cpp_out="$work" --grpc_out="$work" \
    --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" echo.proto
read -r -a libraries_of_grpc < <(pkg-config --cflags --libs grpc++ protobuf)
g++ -O2 -std=c++17 -I "$work" Tests/Benchmarks/rpc/grpc_peer.cpp "$work"/echo.pb.cc "$work"/echo.grpc.pb.cc \
    -o "$work/grpc_peer" "${libraries_of_grpc[@]}"
swift build "${flags[@]}" --product atelier >&2
atelier=$(programs)/atelier

numbers=(--pipelined 100000 --concurrency 256 --echoes 200 --transfers 10)
for ((repeat = 1; repeat <= repeats; repeat++)); do
    for server in sync callback; do
        echo "gRPC C++ $server	$("$work/grpc_peer" "$server" "unix:$work/grpc-$server-$repeat" 100000 256 200 10)"
    done
    echo "Atelier ipc	$("$atelier" bench rpc --json --address "ipc://$work/atelier" "${numbers[@]}")"
    port=$((42000 + repeat))
    for server in sync callback; do
        echo "gRPC C++ $server	$("$work/grpc_peer" "$server" "127.0.0.1:$port" 100000 256 200 10)"
    done
    echo "Atelier tcp	$("$atelier" bench rpc --json "${numbers[@]}")"
done
