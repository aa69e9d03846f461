"""Compares `atelier` with diffusers and PyTorch over the same weights: results first, then speed and memory.

Speed is measured alternately (ours, theirs, ours, ...), because the machine is shared: only the ratio counts.
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


def ours(arguments, work, batch):
    command = [arguments.atelier, "bench", work, "--model", arguments.model, "--batch", batch]
    command += ["--threads", arguments.threads, "--repeats", arguments.repeats, "--json"]
    if work in ("unet", "train-step", "vae-decode"):
        command += ["--height", arguments.height, "--width", arguments.width]
    if work in ("unet", "train-step", "text-encoder"):
        command += ["--context", arguments.context]
    done = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def compare(arguments, work, batch):
    sizes = (batch, arguments.height, arguments.width, arguments.context, arguments.threads)
    command = [sys.executable, HERE / "peer.py", work, arguments.model, *sizes]
    environment = {**os.environ, "OMP_NUM_THREADS": str(arguments.threads)}
    peer = subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, env=environment,
    )
    mine, others = [], []
    try:
        for _ in range(arguments.rounds):
            mine.append(ours(arguments, work, batch))
            peer.stdin.write(f"{arguments.repeats}\n")
            peer.stdin.flush()
            line = peer.stdout.readline()
            if not line:
                raise SystemExit(f"compare.py: the peer of {work} has ended, by {peer.wait()}")
            others.append(json.loads(line))
    finally:
        peer.stdin.close()
        peer.wait()
    report(work, batch, mine, others)


def report(work, batch, mine, others):
    pairs = [theirs["medianSeconds"] / ours["medianSeconds"] for ours, theirs in zip(mine, others)]
    our_time = statistics.median(one["medianSeconds"] for one in mine)
    their_time = statistics.median(one["medianSeconds"] for one in others)
    our_memory = max(one["peakRSSBytes"] for one in mine)
    their_memory = max(one["peakRSSBytes"] for one in others)
    rates = [one["gflops"] for one in mine if "gflops" in one]
    rate = f"{statistics.median(rates):6.0f}" if rates else "     -"
    print(
        f"{work:<13} {batch:5} {1e3 * our_time:10.2f} {1e3 * their_time:10.2f} {statistics.median(pairs):7.2f} "
        f"({min(pairs):.2f} to {max(pairs):.2f}) {our_memory >> 20:6} {their_memory >> 20:6} "
        f"{our_memory / their_memory:5.2f} {rate}",
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
        print("work          batch    ours ms  theirs ms   ratio (range)          MiB  theirs  ours/theirs GFLOP/s")
        for work in arguments.works.split(","):
            for batch in map(int, arguments.batch.split(",")):
                compare(arguments, work, batch)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
