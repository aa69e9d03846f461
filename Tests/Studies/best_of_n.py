"""T2 by best-of-n: what a reward says of its choice, and what the checker says.

    best_of_n.py scores.jsonl [--plot FILE.png] [REWARD …]

Reads the lines that proxies.py writes, or `atelier evaluate rewards --scores`; `checker (the truth)` or `checker:success` must be among
the rewards. For each prompt and each n the expectation over all choices of n of its pictures is exact: the picture of rank i (from 0,
best first) of N is the best of n with probability C(N-1-i, n-1) / C(N, n).
"""

import argparse
import json
import math
import statistics
from collections import defaultdict
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("scores")
parser.add_argument("rewards", nargs="*")
parser.add_argument("--plot")
options = parser.parse_args()

values = defaultdict(dict)  # (subset, prompt) -> reward -> image -> score
for line in Path(options.scores).read_text().splitlines():
    entry = json.loads(line)
    values[entry["subset"], entry["prompt"]].setdefault(entry["reward"], {})[entry["image"]] = entry["score"]
names = list(dict.fromkeys(name for rewards in values.values() for name in rewards))
truth = next(name for name in names if name.startswith("checker"))


def expectation(ordered, n):
    """Of the first of n values chosen at random, where `ordered` are the values from the best on."""
    count = len(ordered)
    return sum(math.comb(count - 1 - i, n - 1) * value for i, value in enumerate(ordered)) / math.comb(count, n)


sizes = (1, 2, 4, 8, 16)
curves = {}
print("| subset | reward | " + " | ".join(f"n = {n}" for n in sizes) + " |\n" + "| --- " * (len(sizes) + 2) + "|")
for subset in sorted({subset for subset, _ in values}):
    for name in options.rewards or [name for name in names if name != truth]:
        said, right = defaultdict(list), defaultdict(list)
        for (place, _), rewards in values.items():
            if place != subset or name not in rewards:
                continue
            scores = rewards[name]
            mean, deviation = statistics.mean(scores.values()), statistics.pstdev(scores.values()) or 1
            order = sorted(scores, key=lambda image: -scores[image])
            for n in sizes:
                if n <= len(order):
                    said[n].append(expectation([(scores[image] - mean) / deviation for image in order], n))
                    right[n].append(expectation([rewards[truth][image] for image in order], n))
        curves[subset, name] = [statistics.mean(right[n]) for n in sizes if right[n]]
        cells = " | ".join(f"{statistics.mean(said[n]):+.2f}, {statistics.mean(right[n]):.3f}" for n in sizes if said[n])
        print(f"| {subset} | {name} | {cells} |")

if options.plot:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    subsets = sorted({subset for subset, _ in curves})
    figure, axes = pyplot.subplots(1, len(subsets), figsize=(3.2 * len(subsets), 3.0), constrained_layout=True)
    for axis, subset in zip(axes, subsets):
        for (place, name), curve in curves.items():
            if place == subset:
                axis.plot(sizes[:len(curve)], curve, marker="o", markersize=3, label=name)
        axis.set(title=subset, xscale="log", xlabel="n", xticks=sizes[:5], xticklabels=sizes[:5])
        axis.minorticks_off()
    axes[0].set_ylabel("checker: right")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=7)
    figure.savefig(options.plot, dpi=100)
