"""T2 under training: of each arm of a study the proxy it was trained on and the checker that looked on, round by round.

    over_optimisation.py STUDY_FOLDER --plot FILE.png

Reads `metrics.jsonl` of runs called ARM-SEED whose rewards are called `proxy` and `checker`; prints means over the seeds.
"""

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("study")
parser.add_argument("--plot")
options = parser.parse_args()

runs = defaultdict(list)
for file in sorted(Path(options.study).glob("*/metrics.jsonl")):
    rounds = [json.loads(line) for line in file.read_text().splitlines()]
    runs[file.parent.name.rsplit("-", 1)[0]].append([entry for entry in rounds if entry["samples"]])


def curve(arm, value):
    return [statistics.mean(map(value, entries)) for entries in zip(*runs[arm])]


columns = [
    ("proxy", lambda entry: entry["rewards"]["proxy"]), ("checker", lambda entry: entry["rewards"]["checker"]),
    ("right", lambda entry: entry["successRate"]), ("diversity", lambda entry: entry["monitors"]["diversity"])]
print("| arm | seeds | | first round | best round | last two rounds |\n" + "| --- " * 6 + "|")
for arm in runs:
    for name, value in columns:
        values = curve(arm, value)
        last = [statistics.mean(map(value, run[-2:])) for run in runs[arm]]
        best = max(range(len(values)), key=lambda index: values[index])
        print(f"| {arm} | {len(runs[arm])} | {name} | {values[0]:.3f} | {values[best]:.3f} (round {best}) | "
              f"{statistics.mean(last):.3f} ({', '.join(f'{value:.3f}' for value in last)}) |")

if options.plot:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    kinds = sorted({arm.split("-")[0] for arm in runs})
    figure, axes = pyplot.subplots(2, len(kinds), figsize=(4.2 * len(kinds), 5), sharex="col", constrained_layout=True)
    for column, kind in enumerate(kinds):
        for arm in [arm for arm in runs if arm.startswith(kind)]:
            proxy, right = curve(arm, columns[0][1]), curve(arm, columns[2][1])
            spread = statistics.pstdev(proxy) or 1
            axes[0][column].plot([(value - proxy[0]) / spread for value in proxy], label=arm)
            axes[1][column].plot(right, label=arm)
        axes[0][column].set(title=kind)
        axes[1][column].set(xlabel="round")
        axes[1][column].legend(fontsize=7)
    axes[0][0].set_ylabel("own reward, in deviations\nfrom the first round")
    axes[1][0].set_ylabel("checker: right")
    figure.savefig(options.plot, dpi=100)
