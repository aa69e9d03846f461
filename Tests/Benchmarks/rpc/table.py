"""The figures of compare.sh as a table of medians: table.py FILE, with a line NAME<tab>JSON for each run."""

import collections
import json
import statistics
import sys

COLUMNS = [
    ("one call, p50", "unaryMedianMicroseconds", 1, "{:.0f} µs"),
    ("p99", "unary99thMicroseconds", 1, "{:.0f} µs"),
    ("calls/s at once", "callsPerSecond", 1, "{:,.0f}"),
    ("1 MiB echo", "echoBytesPerSecond", 1e9, "{:.2f} GB/s"),
    ("64 MiB one way", "transferBytesPerSecond", 1e9, "{:.2f} GB/s"),
]


def main() -> None:
    runs = collections.defaultdict(list)
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            name, figures = line.rstrip("\n").split("\t")
            runs[name].append(json.loads(figures))
    print("| | " + " | ".join(title for title, *_ in COLUMNS) + " |")
    print("| --- |" + " --- |" * len(COLUMNS))
    for name, figures in runs.items():
        cells = []
        for _, key, unit, form in COLUMNS:
            values = [run[key] / unit for run in figures if key in run]
            cells.append(form.format(statistics.median(values)) if values else "")
        print(f"| {name} | " + " | ".join(cells) + " |")


main()
