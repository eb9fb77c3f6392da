"""Writes rating_cases.json: ratings with the agreement, rank correlation and calibration of other libraries.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scipy scikit-learn krippendorff
    /tmp/venv/bin/python tests/golden/statistics/make_rating_cases.py

Krippendorff's alpha is that of the PyPI package krippendorff, kappa and isotonic regression are scikit-learn's, and the
rank correlation is SciPy's. The first case is the example of Krippendorff, "Computing Krippendorff's Alpha-Reliability"
(2011), section C: alpha is 0.743 nominal, 0.815 ordinal and 0.849 interval there.
"""
import json
import pathlib

import krippendorff
import numpy as np
from scipy import stats
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import cohen_kappa_score

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(20261130)
NAN = np.nan
LEVELS = ["nominal", "ordinal", "interval"]

# Raters x units.
KRIPPENDORFF_2011 = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN]])


def random_ratings():
    for raters, units, missing in [(2, 10, 0), (3, 25, 0.2), (5, 60, 0.5), (2, 200, 0.1)]:
        truth = rng.normal(6, 2, units)
        ratings = np.clip(np.round(truth + rng.normal(0, 1.5, (raters, units))), 0, 10)
        ratings[rng.random((raters, units)) < missing] = NAN
        yield ratings


def alpha_cases():
    for ratings in [KRIPPENDORFF_2011, *random_ratings()]:
        units = [[v for v in column if not np.isnan(v)] for column in ratings.T]
        yield {"units": units,
               **{level: krippendorff.alpha(reliability_data=ratings, level_of_measurement=level) for level in LEVELS}}


def kappa_cases():
    for n in (5, 30, 200):
        a = rng.integers(0, 11, n)
        b = np.clip(a + rng.integers(-2, 3, n), 0, 10)
        labels = list(range(11))
        yield {"a": a.tolist(), "b": b.tolist(), "nominal": cohen_kappa_score(a, b, labels=labels),
               "interval": cohen_kappa_score(a, b, labels=labels, weights="quadratic")}


def spearman_cases():
    for n in (3, 20, 150):
        a = np.round(rng.normal(0, 1, n), 1)
        b = np.round(0.5 * a + rng.normal(0, 1, n), 1)
        yield {"a": a.tolist(), "b": b.tolist(), "rho": stats.spearmanr(a, b).statistic}


def isotonic_cases():
    for n in (1, 4, 30, 200):
        x = np.round(rng.uniform(0, 10, n), 1)  # with ties
        y = np.clip(np.round(0.6 * x + rng.normal(2, 2, n)), 0, 10)
        fit = IsotonicRegression(out_of_bounds="clip").fit(x, y)
        at = np.linspace(-1, 11, 121)
        yield {"x": x.tolist(), "y": y.tolist(), "at": at.tolist(), "fitted": fit.predict(at).tolist()}


cases = {"alpha": list(alpha_cases()), "kappa": list(kappa_cases()), "spearman": list(spearman_cases()),
         "isotonic": list(isotonic_cases())}
(HERE / "rating_cases.json").write_text(json.dumps(cases) + "\n")
print({name: len(value) for name, value in cases.items()}, {k: round(cases["alpha"][0][k], 3) for k in LEVELS})
