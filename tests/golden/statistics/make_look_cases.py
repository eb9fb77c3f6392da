"""Writes look_cases.json: bounds, levels and p-values of tests that are looked at several times.

    .venv/bin/python tests/golden/statistics/make_look_cases.py

The bounds come from the published recursion (Armitage, McPherson and Rowe 1969), with Simpson's rule on
a dense grid and SciPy's root finder; the C++ code has Gauss-Legendre nodes and bisection. The script checks
itself by SciPy's multivariate normal distribution and by the published bounds of Lan and DeMets (1983; five
looks, two-sided 0.05).
"""
import json
import pathlib

import numpy as np
from scipy import integrate, optimize, stats

POINTS = 801
PUBLISHED = {"obrien_fleming": [4.877, 3.357, 2.680, 2.290, 2.031],
             "pocock": [2.438, 2.427, 2.410, 2.397, 2.386]}


def obrien_fleming(alpha, fractions):
    """The spent error of both sides; each side has half of alpha."""
    z = stats.norm.isf(alpha / 4)
    return [float(4 * stats.norm.sf(z / np.sqrt(t))) for t in fractions]


def pocock(alpha, fractions):
    return [float(alpha * np.log(1 + (np.e - 1) * t)) for t in fractions]


def bounds_of(fractions, spent):
    bounds, grid, density, before, past = [], None, None, 0.0, 0.0
    for fraction, total in zip(fractions, spent):
        root = np.sqrt(fraction)
        step = np.sqrt(fraction - past)

        def exits(bound):
            if grid is None:
                return 2 * stats.norm.sf(bound)
            edge = bound * root
            tails = stats.norm.sf((edge - grid) / step) + stats.norm.sf((edge + grid) / step)
            return integrate.simpson(density * tails, x=grid)

        bound = optimize.brentq(lambda b: exits(b) - (total - before), 0.01, 8, xtol=1e-12)
        points = np.linspace(-bound * root, bound * root, POINTS)
        if grid is None:
            new = stats.norm.pdf(points / root) / root
        else:
            kernel = stats.norm.pdf((points[:, None] - grid[None, :]) / step) / step
            new = integrate.simpson(kernel * density[None, :], x=grid, axis=1)
        grid, density, before, past = points, new, total, fraction
        bounds.append(float(bound))
    return bounds


def level(fractions, alpha):
    return float(2 * stats.norm.sf(bounds_of(fractions, obrien_fleming(alpha, fractions))[-1]))


def check():
    fifths = [0.2, 0.4, 0.6, 0.8, 1.0]
    for name, spend in (("obrien_fleming", obrien_fleming), ("pocock", pocock)):
        bounds = bounds_of(fifths, spend(0.05, fifths))
        assert np.allclose(bounds, PUBLISHED[name], atol=6e-4), (name, bounds)
    thirds = [1 / 3, 2 / 3, 1.0]
    bounds = np.array(bounds_of(thirds, obrien_fleming(0.05, thirds)))
    covariance = [[np.sqrt(min(a, b) / max(a, b)) for b in thirds] for a in thirds]
    inside = stats.multivariate_normal(cov=covariance).cdf(bounds, lower_limit=-bounds)
    assert abs(1 - inside - 0.05) < 1e-4, inside


def main():
    check()
    cases = {"bounds": [], "levels": [], "p_values": []}
    plans = [[0.2, 0.4, 0.6, 0.8, 1.0], [0.5, 1.0], [0.1, 0.35, 0.9, 1.0],
             [i / 10 for i in range(1, 11)], [0.25, 0.5]]
    for fractions in plans:
        for name, spend in (("obrien_fleming", obrien_fleming), ("pocock", pocock)):
            for alpha in (0.01, 0.05, 0.2):
                if name == "obrien_fleming" and spend(alpha, fractions)[0] < 1e-12:
                    continue
                spent = spend(alpha, fractions)
                cases["bounds"].append({"spending": name, "alpha": alpha, "fractions": fractions,
                                        "spent": spent, "bounds": bounds_of(fractions, spent)})
        if obrien_fleming(0.01, fractions)[0] < 1e-12:
            continue
        for alpha in (0.01, 0.05):
            cases["levels"].append({"alpha": alpha, "fractions": fractions,
                                    "level": level(fractions, alpha)})
    for fractions in ([0.2, 0.4, 0.6], [0.2, 0.4, 0.6, 0.8, 1.0], [0.5, 1.0]):
        for p in (0.001, 0.02, 0.05, 0.15):
            sequential = optimize.brentq(lambda a: np.log(level(fractions, a) / p), 0.9 * p, 0.5,
                                         xtol=1e-11)
            cases["p_values"].append({"fractions": fractions, "p": p, "sequential": float(sequential)})
    path = pathlib.Path(__file__).parent / "look_cases.json"
    path.write_text(json.dumps(cases, indent=1) + "\n")
    print({name: len(rows) for name, rows in cases.items()})


main()
