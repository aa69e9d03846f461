"""Keeps the reward curves of runs of deploy/configs/menagerie: collect.py RUN... (folders of `atelier run`).

Each becomes NAME.json: seed, wall time, and for every round the mean reward, its standard error, the share of right pictures and the monitors.
"""

import json
import sys
from pathlib import Path

here = Path(__file__).parent
for folder in map(Path, sys.argv[1:]):
    summary = json.loads((folder / "summary.json").read_text())
    seed = next(int(line.split(":")[1]) for line in (folder / "config.yaml").read_text().splitlines() if line.startswith("seed:"))
    rounds, validations = [], []
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        report = json.loads(line)
        if "validation" in report:
            validations.append({k: round(v, 4) for k, v in report["validation"].items()})
        if report["samples"]:
            kept = {"reward": report["rewardMean"], "standardError": report["rewardStandardError"], "success": report.get("successRate")}
            kept |= {k: report["monitors"].get(k) for k in ("pathKL", "diversity")}
            rounds.append({k: round(v, 4) for k, v in kept.items() if v is not None} | {"samples": report["samples"]})
    value = {"algorithm": summary["algorithm"], "seed": seed, "wallSeconds": round(summary["wallSeconds"]), "reward": {k: round(v, 4) for k, v in summary["reward"].items()}}
    lines = ",\n".join("  " + json.dumps(r) for r in rounds)
    text = json.dumps(value)[:-1] + ',\n "rounds": [\n' + lines + "\n ]"
    if validations:
        text += ',\n "validations": [\n' + ",\n".join("  " + json.dumps(v) for v in validations) + "\n ]"
    (here / f"{summary['run']}.json").write_text(text + "}\n")
    first, last, error = (summary["reward"][k] for k in ("first", "last", "standardError"))
    print(f"{summary['run']}: {first:.4f} -> {last:.4f}, {(last - first) / error:.1f} standard errors, {summary['wallSeconds']:.0f} s")
