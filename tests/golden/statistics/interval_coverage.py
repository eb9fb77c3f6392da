"""Prints how often 95 % intervals of a mean score from 0 to 10 cover the true mean.

    /tmp/venv-scipy/bin/python tests/golden/statistics/interval_coverage.py    (see make_cases.py)

The methods are Student's t cut at the bounds, SciPy's BCa bootstrap over clusters, and the logit-t
interval of evaluator/stats/clustered.h, with the reference implementation that the C++ one is
compared with. The populations are near a bound, skewed, or have many scores of 0 or 10, as the
scorers give. "Clusters" are prompts with 1 to 5 repeats each that vary together.
"""
import warnings

import numpy as np
from scipy import stats

from bounded_interval import bounded_interval, cr2

SETS = 4000
# SciPy's bootstrap takes milliseconds for each set.
BOOTSTRAP_SETS = 400
LOW, HIGH = 0.0, 10.0
rng = np.random.default_rng(7)


def beta(mean, concentration):
    share = mean / HIGH
    return lambda n: HIGH * rng.beta(share * concentration, (1 - share) * concentration, n), mean


def with_atom(fraction, atom, rest):
    draw, mean = rest
    return (lambda n: np.where(rng.random(n) < fraction, atom, draw(n)),
            fraction * atom + (1 - fraction) * mean)


POPULATIONS = {
    "mean 5": beta(5, 8),
    "mean 2": beta(2, 8),
    "mean 1": beta(1, 8),
    "mean 0.5, skewed": beta(0.5, 5),
    "mean 9.5, skewed": beta(9.5, 5),
    "30 % zeros": with_atom(0.3, 0, beta(3, 8)),
    "50 % zeros": with_atom(0.5, 0, beta(3, 8)),
    "80 % zeros": with_atom(0.8, 0, beta(3, 8)),
    "95 % zeros": with_atom(0.95, 0, beta(5, 8)),
    "50 % tens": with_atom(0.5, 10, beta(7, 8)),
}


def independent(population, n):
    draw, mean = POPULATIONS[population]
    return draw(n), np.arange(n), mean


def clustered(n):
    """Returns repeats that differ by less than the prompts do. The number of repeats is random and
    independent of the scores, so that the mean over the samples is the population's."""
    mean = 2.0
    shares = rng.beta(mean / HIGH * 6, (1 - mean / HIGH) * 6, n)
    c = np.repeat(np.arange(n), rng.integers(1, 6, n))
    return HIGH * rng.beta(shares[c] * 20, (1 - shares[c]) * 20), c, mean


def t_interval(x, c):
    error, freedom = cr2(x, c)
    half = stats.t.ppf(0.975, freedom) * error
    return max(LOW, x.mean() - half), min(HIGH, x.mean() + half)


def bca_interval(x, c):
    labels = np.unique(c)
    sums = np.array([x[c == g].sum() for g in labels])
    sizes = np.array([np.sum(c == g) for g in labels])
    if np.ptp(sums / sizes) == 0:
        return x.mean(), x.mean()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = stats.bootstrap((sums, sizes), lambda s, k, axis: s.sum(axis) / k.sum(axis),
                                paired=True, vectorized=True, n_resamples=2000, method="BCa",
                                random_state=rng).confidence_interval
    return (x.mean(), x.mean()) if np.isnan(found.low) else (found.low, found.high)


def logit_interval(x, c):
    return bounded_interval(x, c, LOW, HIGH)


def measure(make, interval, sets):
    """Returns the coverage in percent and the mean width."""
    covered, width = 0, 0.0
    for _ in range(sets):
        x, c, mean = make()
        low, high = interval(x, c)
        assert LOW <= low <= high <= HIGH or interval is not logit_interval, (x, low, high)
        covered += low - 1e-9 <= mean <= high + 1e-9
        width += high - low
    return 100 * covered / sets, width / sets


def main():
    methods = {"t, cut": (t_interval, SETS), "BCa": (bca_interval, BOOTSTRAP_SETS),
               "logit-t": (logit_interval, SETS)}
    print(f"{'population':18} {'n':>3}", *(f"{name:>14}" for name in methods))
    for name in [*POPULATIONS, "clusters"]:
        for n in (3, 5, 6, 10, 30):
            make = (lambda: clustered(n)) if name == "clusters" else lambda: independent(name, n)
            cells = [measure(make, *method) for method in methods.values()]
            print(f"{name:18} {n:3}", *(f"{cover:6.1f} ({width:4.2f})" for cover, width in cells),
                  flush=True)


if __name__ == "__main__":
    main()
