"""Best-of-n on a set that `atelier evaluate draw` drew: what the reward says of its choice, and what the checker says.

    best_of_n.py --atelier PROGRAM --set DIR name=SPEC …

For each prompt and each n the expectation over all choices of n of its pictures is exact: the picture of rank i (from 0, best
first) of N is the best of n with probability C(N-1-i, n-1) / C(N, n).
"""

import argparse
import json
import math
import statistics
import subprocess
from collections import defaultdict
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--atelier", default="atelier")
parser.add_argument("--set", required=True)
parser.add_argument("rewards", nargs="+", help="name=SPEC")
options = parser.parse_args()


def scores(spec, prompt, files):
    command = [options.atelier, "score", "--reward", spec, "--prompt", prompt, "--json", "--image", *files]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [entry["score"] for entry in json.loads(output)["scores"]]


def expectation(values, n):
    """Of the first of n values chosen at random, where `values` are ordered from the best on."""
    count = len(values)
    return sum(math.comb(count - 1 - i, n - 1) * value for i, value in enumerate(values)) / math.comb(count, n)


for labels in sorted(Path(options.set).glob("human_labels_*.json")):
    subset = labels.stem.removeprefix("human_labels_")
    prompts = defaultdict(list)
    for entry in json.loads(labels.read_text()).values():
        prompts[entry["caption"]].append(str(Path(options.set) / "images" / subset / entry["image"]))
    truth = {prompt: scores("checker:success", prompt, files) for prompt, files in prompts.items()}
    for argument in options.rewards:
        name, spec = argument.split("=", 1)
        said, right = defaultdict(list), defaultdict(list)
        for prompt, files in prompts.items():
            values = scores(spec, prompt, files)
            mean, deviation = statistics.mean(values), statistics.pstdev(values) or 1
            order = sorted(range(len(files)), key=lambda i: -values[i])
            for n in (1, 2, 4, 8, 16):
                if n <= len(files):
                    said[n].append(expectation([(values[i] - mean) / deviation for i in order], n))
                    right[n].append(expectation([truth[prompt][i] for i in order], n))
        cells = "  ".join(f"n={n}: {statistics.mean(said[n]):+.2f} {statistics.mean(right[n]):.3f}" for n in sorted(said))
        print(f"{subset:14} {name:24} {cells}", flush=True)
