"""Scores with and without ties, and what scikit-learn and SciPy measure of them."""

import json
from pathlib import Path

import numpy
from scipy.stats import kendalltau, spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

here = Path(__file__).parent
random = numpy.random.default_rng(3)


def calibration_error(scores, right, bins=15):
    """Guo et al. (2017), equation 3."""
    edges = numpy.linspace(0, 1, bins + 1)
    total = 0
    for lower, upper in zip(edges, edges[1:]):
        inside = (scores > lower) & (scores <= upper) if lower > 0 else (scores >= 0) & (scores <= upper)
        if inside.any():
            total += inside.sum() * abs(right[inside].mean() - scores[inside].mean())
    return total / len(scores)


cases = []
for pictures, levels in [(50, None), (50, 8), (30, 3), (12, None), (7, 2)]:
    votes = random.integers(-1, 2, (pictures, 3))
    right = (votes == 1).sum(1) >= 2
    right[:2] = [True, False]
    votes[:2] = [[1, 1, 0], [0, -1, 1]]
    scores = numpy.clip(0.5 + 0.2 * random.normal(size=pictures) + 0.1 * right, 0, 1)
    if levels:
        scores = numpy.round(scores * levels) / levels
    grades = (votes == 1).sum(1)
    cases.append({
        "scores": scores.tolist(), "labels": votes.tolist(),
        "auroc": roc_auc_score(right, scores), "auprc": average_precision_score(right, scores),
        "spearman": spearmanr(scores, grades).statistic, "kendall": kendalltau(scores, grades).statistic,
        "ece": calibration_error(scores, right),
    })
(here / "metrics.json").write_text(json.dumps(cases, indent=1) + "\n")
