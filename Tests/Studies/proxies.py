"""T1 and T3 on a set that `atelier evaluate draw` drew: proxies, ensembles, and TextNorm with contrasts of two kinds.

    proxies.py --atelier PROGRAM --set DIR --out FOLDER

Writes table.md and scores.jsonl (for best_of_n.py) into the folder. The scale of TextNorm and lambda of its ensemble are chosen on one
half of the prompts and judged on the other, both ways round; "oracle" chooses them on the prompts that judge.
"""

import argparse
import json
import math
import statistics
import subprocess
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--atelier", default="atelier")
parser.add_argument("--set", required=True)
parser.add_argument("--out", required=True)
parser.add_argument("--arms", nargs="+", help="only these")
parser.add_argument("--towers", nargs="+", default=[f"menagerie/{name}" for name in ["two-tower", "two-tower-2", "two-tower-3"]])
options = parser.parse_args()
out = Path(options.out)
out.mkdir(parents=True, exist_ok=True)

measures = ["auroc", "auprc", "ap5", "ap10", "spearman", "kendall", "ece"]
scales, penalties = [0.1, 0.3, 1], [0.5, 5]
towers = [f"clip-score?model={path}&scale=15&truncate=yes" for path in options.towers]
reader = "imagereward?model=menagerie/preference&truncate=yes"


def textnorm(reward, contrasts, scale):
    return {"textnorm": {"reward": reward, "contrasts": contrasts, "scale": scale}}


def combined(rule, rewards, **settings):
    return {rule: {"rewards": rewards, **settings}}


# Each name stands for the specifications among which held-out prompts choose.
arms = {f"two-tower {i + 1}": [tower] for i, tower in enumerate(towers)}
arms["preference"] = [reader]
arms["aesthetic"] = ["aesthetic?model=menagerie/two-tower&head=menagerie/aesthetic/head.safetensors"]
arms["mean of towers"] = [combined("mean", towers)]
arms["LCB of towers"] = [combined("lcb", towers, factor=factor) for factor in penalties]
arms["UWO of towers"] = [combined("uwo", towers, **{"lambda": penalty}) for penalty in penalties]
for contrasts in ["grammar", "random?count=16"]:
    kind = contrasts.split("?")[0]
    arms[f"TextNorm of two-tower 1, {kind}"] = [textnorm(towers[0], contrasts, scale) for scale in scales]
    arms[f"TextNorm of preference, {kind}"] = [textnorm(reader, contrasts, scale) for scale in scales]
    arms[f"mean of TextNorms, {kind}"] = [
        combined("mean", [textnorm(base, contrasts, scale) for base in towers + [reader]]) for scale in scales]
arms["UWO of TextNorms, grammar"] = [
    combined("uwo", [textnorm(base, "grammar", scale) for base in towers + [reader]], **{"lambda": penalty})
    for scale in scales for penalty in penalties]
arms["checker (the truth)"] = ["checker:success"]

if options.arms:
    arms = {name: specifications for name, specifications in arms.items() if name in options.arms}

# One process for each arm, so that a study that was stopped goes on.
reports, lines = {}, []
for name, specifications in arms.items():
    place = out / name.replace(" ", "-").replace(",", "")
    report, scores = place.with_suffix(".json"), place.with_suffix(".jsonl")
    if not report.exists():
        texts = [spec if isinstance(spec, str) else json.dumps(spec) for spec in specifications]
        command = [options.atelier, "evaluate", "rewards", "--set", options.set, "--json", "--scores", scores, "--reward", *texts]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            raise SystemExit(f"{name}: {result.stderr.strip()}")
        report.write_text(result.stdout)
        print(name, flush=True)
    reports[name] = json.loads(report.read_text())
    lines += [(name, json.loads(line)) for line in scores.read_text().splitlines()]


def mean(prompts, measure):
    values = [entry[measure] for entry in prompts if entry.get(measure) is not None]
    return statistics.mean(values) if values else math.nan


def chosen(candidates, prompts):
    """The specification with the best AUROC on some prompts."""
    return max(candidates, key=lambda spec: mean([candidates[spec][prompt] for prompt in prompts], "auroc"))


table = ["| subset | reward | " + " | ".join(name.upper() for name in measures) + " | oracle AUROC | prompts |", "| --- " * (len(measures) + 4) + "|"]
used = {}
for subset in sorted(next(iter(reports.values()))):
    for name, report in reports.items():
        candidates = {spec: entry["prompts"] for spec, entry in report[subset].items()}
        prompts = sorted(next(iter(candidates.values())))
        judged = []
        for half in range(2):
            spec = chosen(candidates, prompts[1 - half::2])
            judged += [candidates[spec][prompt] for prompt in prompts[half::2]]
            used |= {(name, subset, prompt): spec for prompt in prompts[half::2]}
            fallback = spec
        used[name, subset, None] = fallback
        oracle = mean(list(candidates[chosen(candidates, prompts)].values()), "auroc")
        cells = [f"{value:.3f}" if not math.isnan(value) else "–" for value in (mean(judged, measure) for measure in measures)] + [f"{oracle:.3f}" if len(candidates) > 1 else "", str(len(prompts))]
        table.append(f"| {subset} | {name} | " + " | ".join(cells) + " |")
(out / "table.md").write_text("\n".join(table) + "\n")
print("\n".join(table))

# Of each prompt the scores by the specification that the other prompts chose.
with open(out / "scores.jsonl", "w") as file:
    for name, line in lines:
        spec = used.get((name, line["subset"], line["prompt"]), used[name, line["subset"], None])
        if line["reward"] == spec:
            file.write(json.dumps(line | {"reward": name}) + "\n")
