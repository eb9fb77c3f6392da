"""Writes statistics.json next to this script: samples of many sizes and scales, with the statistics
that SciPy and NumPy compute for them.

Run: .venv/bin/python tests/golden/evaluator/make_statistics.py
"""

import json
import pathlib

import numpy as np
import scipy
from scipy import stats

SEED = 20261123
SIZES = (2, 3, 4, 5, 7, 10, 12, 20, 33, 60, 100, 257)


def draw(random: np.random.Generator, kind: str, size: int) -> np.ndarray:
    """Returns `size` random values of the given kind."""
    return {
        "normal": lambda: random.normal(2000.0, 150.0, size),
        "lognormal": lambda: random.lognormal(-13.0, 1.5, size),
        "scores": lambda: random.integers(0, 26, size) * 0.4,
        "huge_offset": lambda: 3.1e9 + random.uniform(0.0, 1e6, size),
        "mixed_signs": lambda: random.standard_cauchy(size),
    }[kind]()


def case(name: str, samples: np.ndarray) -> dict:
    """Returns the samples with their expected statistics."""
    mean = float(np.mean(samples))
    half = float(stats.sem(samples) * stats.t.ppf(0.975, len(samples) - 1))
    return {
        "name": name,
        "samples": samples.tolist(),
        "mean": mean,
        "standard_deviation": float(np.std(samples, ddof=1)),
        "ci_low": mean - half,
        "ci_high": mean + half,
        "p50": float(np.percentile(samples, 50)),
        "p90": float(np.percentile(samples, 90)),
    }


def main() -> None:
    random = np.random.default_rng(SEED)
    cases = [
        case(f"{kind}_{size}", draw(random, kind, size))
        for kind in ("normal", "lognormal", "scores", "huge_offset", "mixed_signs")
        for size in SIZES
    ]
    made_with = {"numpy": np.__version__, "scipy": scipy.__version__, "seed": SEED}
    path = pathlib.Path(__file__).with_name("statistics.json")
    path.write_text(json.dumps({"made_with": made_with, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
