"""Compares `atelier` with diffusers and PyTorch over the same weights: results first, then speed and memory.

Speed is measured alternately (ours, theirs, ours, ...), because the machine is shared: only the ratio counts. "PyTorch"
is the fastest of its variants, which the table names; the ceiling is a product of two 2048×2048 matrices.
Usage: compare.py --atelier PROGRAM [--model FOLDER] [--works unet,train-step,...] [--batch 2,16] [--threads 1] ...
Needs what requirements.txt lists. Ends with 1 if a result differs by more than 1e-4.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def bench(arguments, *words):
    done = subprocess.run([str(word) for word in (arguments.atelier, "bench", *words, "--json")], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def ours(arguments, work, batch, dtype):
    command = [work, "--model", arguments.model, "--batch", batch, "--dtype", dtype]
    command += ["--threads", arguments.threads, "--repeats", arguments.repeats]
    if work in ("unet", "train-step", "vae-decode"):
        command += ["--height", arguments.height, "--width", arguments.width]
    if work in ("unet", "train-step", "text-encoder"):
        command += ["--context", arguments.context]
    return bench(arguments, *command)


class Peer:
    """PyTorch in one variant, a process that measures when it is told to."""

    def __init__(self, arguments, work, batch, variant):
        self.variant = variant
        sizes = (batch, arguments.height, arguments.width, arguments.context, arguments.threads)
        command = [sys.executable, HERE / "peer.py", work, variant, arguments.model, *sizes]
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env={**os.environ, "OMP_NUM_THREADS": str(arguments.threads)},
        )
        self.reports = []

    def line(self):
        """What it says next."""
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"compare.py: the peer {self.variant} has ended, by {self.process.wait()}")
        return line

    def measure(self, repeats):
        self.process.stdin.write(f"{repeats}\n")
        self.process.stdin.flush()
        self.reports.append(json.loads(self.line()))

    def end(self):
        self.process.stdin.close()
        self.process.wait()

    @property
    def seconds(self):
        return statistics.median(one["medianSeconds"] for one in self.reports)


def variants(arguments, work, dtype):
    """The peers of one of our types: for f32 PyTorch's f32, for bf16 whatever PyTorch does faster."""
    names = ["f32"] if dtype == "f32" else ["f32", "bf16"] + ["bf16-weights"] * (work != "train-step")
    return names + [f"{name}-compiled" for name in names if arguments.compiled and work != "sample"]


def compare(arguments, work, batch, dtype, ceiling):
    peers = [Peer(arguments, work, batch, name) for name in variants(arguments, work, dtype)]
    mine = []
    try:
        # Nobody is measured while another still loads.
        for peer in peers:
            peer.line()
        for _ in range(arguments.rounds):
            mine.append(ours(arguments, work, batch, dtype))
            for peer in peers:
                peer.measure(arguments.repeats)
    finally:
        for peer in peers:
            peer.end()
    report(work, batch, dtype, mine, peers, ceiling)


def report(work, batch, dtype, mine, peers, ceiling):
    best = min(peers, key=lambda peer: peer.seconds)
    pairs = [theirs["medianSeconds"] / ours["medianSeconds"] for ours, theirs in zip(mine, best.reports)]
    our_time = statistics.median(one["medianSeconds"] for one in mine)
    our_memory = max(one["peakRSSBytes"] for one in mine)
    their_memory = max(one["peakRSSBytes"] for one in best.reports)
    rates = [one["gflops"] for one in mine if "gflops" in one]
    rate = f"{statistics.median(rates):.0f} ({statistics.median(rates) / ceiling:.0%})" if rates else "-"
    print(
        f"| {work} | {batch} | {dtype} | {1e3 * our_time:.2f} | {1e3 * best.seconds:.2f} ({best.variant}) "
        f"| {statistics.median(pairs):.2f} ({min(pairs):.2f} to {max(pairs):.2f}) | {our_memory >> 20} "
        f"| {their_memory >> 20} | {our_memory / their_memory:.2f} | {rate} |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description="Compares atelier with diffusers and PyTorch.")
    parser.add_argument("--atelier", required=True, help="the built program")
    parser.add_argument("--model", default=str(ROOT / "Shared/Menagerie/Base"), help="a model's folder")
    parser.add_argument("--works", default="unet,train-step,vae-decode,text-encoder,sample")
    parser.add_argument("--batch", default="2,16", help="batch sizes")
    parser.add_argument("--height", type=int, default=16, help="of the latents")
    parser.add_argument("--width", type=int, default=16, help="of the latents")
    parser.add_argument("--context", type=int, default=16, help="text tokens")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=10, help="in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dtype", default="f32,bf16", help="our arithmetic")
    parser.add_argument("--compiled", action="store_true", help="torch.compile as well; takes minutes")
    parser.add_argument("--only", choices=["results", "speed"], help="one half of it")
    arguments = parser.parse_args()

    failures = 0
    if arguments.only != "speed":
        from agreement import LIMIT, Agreement

        print(f"Largest difference over largest value; at most {LIMIT}")
        agreement = Agreement(arguments.atelier)
        agreement.fixtures()
        agreement.model(arguments.model)
        failures = agreement.failures
    if arguments.only != "results" and arguments.works:
        load = os.getloadavg()[0]
        print(f"{arguments.threads} threads, {arguments.rounds} rounds of {arguments.repeats}, load at start {load:.1f}")
        dtypes = arguments.dtype.split(",")
        ceilings = {
            dtype: bench(arguments, "product", "--dtype", dtype, "--threads", arguments.threads)["gflops"]
            for dtype in dtypes
        }
        print("ceiling: " + ", ".join(f"{rate:.0f} GFLOP/s in {dtype}" for dtype, rate in ceilings.items()))
        print("| work | batch | our type | ours ms | PyTorch ms | ratio (range) | ours MiB | PyTorch MiB | MiB ratio | GFLOP/s (of the ceiling) |")
        print("| --- " * 10 + "|")
        for work in arguments.works.split(","):
            for batch in map(int, arguments.batch.split(",")):
                for dtype in dtypes:
                    compare(arguments, work, batch, dtype, ceilings[dtype])
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
