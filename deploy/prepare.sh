# Sourced by the scripts beside it: what has to be installed, and the one way in which everything is built.
# shellcheck shell=bash disable=SC2034

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# One configuration for every build, so that each package is compiled once; tests of numerics need the optimiser.
checks=(--explicit-target-dependency-import-check error)
flags=(-c release -Xswiftc -enable-testing "${checks[@]}")

# How many tests run at once. Without a limit all start together, and one that waits for a peer waits for everybody's work.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH="${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-6}"

libraries=(
    libzmq3-dev libprotobuf-c-dev libopenblas-dev libdnnl-dev libpng-dev libjpeg62-turbo-dev libsqlite3-dev
    zlib1g-dev pkg-config
)

# What only tests need: the Python peer.
test_packages=(python3-zmq python3-protobuf)

# Installs Debian packages that are missing, without asking.
install_packages() {
    local missing=() package
    if ! command -v dpkg-query >/dev/null; then
        echo "no Debian here: please see to it that these are installed: $*" >&2
        return
    fi
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    if [ "${#missing[@]}" -eq 0 ]; then return; fi
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "these packages are missing, and there is no sudo to install them: ${missing[*]}" >&2
            exit 1
        }
        root=(sudo)
    fi
    echo "installing ${missing[*]}" >&2
    "${root[@]}" apt-get update -qq >&2
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

require_swift() {
    command -v swift >/dev/null || {
        echo "swift is missing: install Swift 6.2 or later (swift.org/install)" >&2
        exit 1
    }
}

# What our programs set for themselves and a test bundle cannot (Shared/TensorCore/ProcessorTuning.swift): OpenBLAS does
# not know new processors, and waiting threads are not to spin.
tune_processor() {
    export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
    local feature
    for feature in avx512f avx512cd avx512bw avx512dq avx512vl; do
        grep -q -m 1 -w "$feature" /proc/cpuinfo || return 0
    done
    export OPENBLAS_CORETYPE="${OPENBLAS_CORETYPE:-SKYLAKEX}"
}

# The folder of the built programs.
programs() { swift build "${flags[@]}" --show-bin-path; }
