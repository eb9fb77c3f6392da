"""Writes cases.json: inputs for the statistics of evaluator/stats with the results of SciPy.

    uv venv /tmp/venv-scipy && uv pip install --python /tmp/venv-scipy/bin/python numpy scipy
    /tmp/venv-scipy/bin/python tests/golden/statistics/make_cases.py

The inputs are random and difficult, from a fixed seed: ties, zeros, equal values, tiny and huge
values, 0 and 1, and 1 to 200 values. Where SciPy has no function (Holm, clustered errors, intervals by
inversion), the result is computed in another way than in C++.
"""
import itertools
import json
import pathlib

import numpy as np
from scipy import optimize, stats

from bounded_interval import bounded_interval, cr2

HERE = pathlib.Path(__file__).parent
CONFIDENCE = 0.95
rng = np.random.default_rng(20261124)


def lists():
    """Yields arrays of differences of many kinds."""
    for n in (1, 2, 3, 4, 5, 6, 7, 10, 13, 20, 35, 50, 51, 80, 200):
        yield rng.normal(0.3, 1, n)
        yield rng.normal(0, 1e-9, n)
        yield rng.normal(0, 1e9, n)
        yield np.round(rng.normal(0.2, 1, n), 1)  # ties and zeros
        yield rng.integers(-2, 3, n).astype(float)
        yield rng.exponential(1, n) - 0.3
        yield np.where(rng.random(n) < 0.7, 0.0, rng.normal(0.5, 1, n))
    for n in (8, 40, 60):
        yield rng.normal(0.3, 1, n) * 1e-100
        yield rng.normal(0.3, 1, n) * 1e100
        yield rng.normal(0.3, 1, n) * 10.0 ** rng.integers(-12, 13, n)  # many magnitudes
        yield rng.normal(1e6, 1e-3, n)  # far from zero, digits cancel
        yield rng.integers(0, 2, n).astype(float)
        yield np.abs(rng.normal(3, 0.5, n))  # all positive


LISTS = [d.tolist() for d in lists()]


def flip_p(d):
    """Returns the p-value of SciPy's permutation test of the mean over all sign patterns."""
    test = stats.permutation_test((d,), lambda x, axis: np.mean(x, axis=axis),
                                  permutation_type="samples", n_resamples=np.inf, vectorized=True)
    return float(test.pvalue)


def flip_interval(d, alpha):
    """Returns the ends of the shifts that the sign-flip test does not reject, by bisection."""
    signs = np.array(list(itertools.product((1, -1), repeat=len(d))), float)

    def rejects(shift):
        sums = signs @ (d - shift)
        tolerance = 1e-13 * np.abs(d - shift).sum()
        return np.mean(np.abs(sums) >= abs((d - shift).sum()) - tolerance) < alpha

    ends = []
    for outside in (d.min() - 1, d.max() + 1):
        assert rejects(outside)
        inside = d.mean()
        for _ in range(100):
            middle = (inside + outside) / 2
            if rejects(middle):
                outside = middle
            else:
                inside = middle
        ends.append(inside)
    return ends


def flip_lists():
    """Yields differences that 2^n sign patterns of can be enumerated."""
    for n in (6, 7, 10, 13):
        yield rng.normal(0.3, 1, n)
        yield rng.integers(-2, 4, n).astype(float)
        yield np.round(rng.exponential(1, n) - 0.3, 2)
        yield np.where(rng.random(n) < 0.5, 0.0, rng.normal(0.5, 1, n))


def sign_flip_cases():
    for d in flip_lists():
        low, high = flip_interval(d, 0.05)
        yield {"d": d.tolist(), "p": flip_p(d), "low": low, "high": high}


def hall_statistic(d, shift):
    """Returns Hall's transformation of the t statistic, in t's scale."""
    n, s = len(d), d.std()
    g = stats.skew(d)
    q = (d.mean() - shift) / s
    return np.sqrt(n - 1) * (q + g * q ** 2 / 3 + g ** 2 * q ** 3 / 27 + g / (6 * n))


def mean_p(d):
    """Returns the p-value of stats/mean_test.h for differences that are not all equal."""
    return max(flip_p(d), float(2 * stats.t.sf(abs(hall_statistic(d, 0)), len(d) - 1)))


def mean_test_cases():
    for d in flip_lists():
        low, high = flip_interval(d, 0.05)
        critical = stats.t.ppf(0.975, len(d) - 1)
        far = 100 * d.std()
        ends = [optimize.brentq(lambda m: hall_statistic(d, m) - target, d.mean() - far,
                                d.mean() + far, xtol=1e-14, rtol=1e-14)
                for target in (critical, -critical)]
        yield {"d": d.tolist(), "p": mean_p(d), "low": min(low, ends[0]),
               "high": max(high, ends[1])}


def t_cases():
    for i, d in enumerate(LISTS):
        if len(set(d)) > 1:
            yield {"list": i, "p": float(stats.ttest_1samp(d, 0).pvalue)}


def mcnemar_p(b, c):
    return float(stats.binomtest(min(b, c), b + c, 0.5).pvalue) if b + c else 1.0


def pairs():
    """Yields pairs of arrays: scores up to 10 with one decimal, latencies, and right or wrong."""
    for n in (6, 9, 20, 45, 90, 200):
        a = rng.integers(30, 90, n) / 10
        yield a, np.clip(a + rng.integers(-5, 8, n) / 10, 0, 10)
        a = rng.gamma(3, 400, n)
        yield a, a * rng.normal(0.97, 0.1, n)
        yield rng.integers(0, 2, n).astype(float), (rng.random(n) < 0.7).astype(float)
        yield (rng.random(n) < 0.9).astype(float), (rng.random(n) < 0.85).astype(float)


def paired_cases():
    for a, b in pairs():
        binary = set(a) | set(b) <= {0.0, 1.0}
        d = b - a if a.max() > 10 else np.round(b - a, 1)
        # More sign patterns than that are not enumerated.
        p = mcnemar_p(int(np.sum(d > 0)), int(np.sum(d < 0))) if binary else (
            mean_p(d) if len(d) <= 9 else None)
        yield {"a": a.tolist(), "b": b.tolist(), "p": p,
               "t": float(stats.ttest_rel(b, a).pvalue), "diff": float(d.mean()),
               "effect": float(d.mean() / d.std(ddof=1)), "ties": int(np.sum(d == 0))}


def tango_statistic(gains, losses, n, delta):
    """Returns Tango's score statistic, with the likelihood maximized numerically."""
    same = n - gains - losses

    def negative(loss):
        # The probabilities of a loss, a gain and neither, if gain - loss = delta.
        p = np.maximum([loss, loss + delta, 1 - 2 * loss - delta], 1e-300)
        return -np.dot([losses, gains, same], np.log(p))

    low, high = max(0.0, -delta), (1 - delta) / 2
    best = optimize.minimize_scalar(negative, bounds=(low, high), method="bounded",
                                    options={"xatol": 1e-13}).x
    return (gains - losses - n * delta) / np.sqrt(n * (2 * best + delta * (1 - delta)))


def tango_cases():
    critical = stats.norm.ppf(0.975)
    for gains, losses, n in [(9, 2, 30), (3, 1, 12), (30, 12, 200), (7, 6, 40), (25, 5, 60)]:
        middle = (gains - losses) / n
        low = optimize.brentq(lambda m: tango_statistic(gains, losses, n, m) - critical,
                              -0.9, middle)
        high = optimize.brentq(lambda m: tango_statistic(gains, losses, n, m) + critical,
                               middle, 0.9)
        if mcnemar_p(gains, losses) >= 0.05:
            low, high = min(low, 0.0), max(high, 0.0)
        yield {"gains": gains, "losses": losses, "n": n, "low": low, "high": high}


def mcnemar_cases():
    for b, c in [(0, 1), (1, 1), (5, 0), (3, 9), (12, 12), (0, 24), (7, 17), (10, 15), (25, 0),
                 (20, 40), (100, 130), (1, 999), (13, 12), (500, 500)]:
        yield {"b": b, "c": c, "p": mcnemar_p(b, c)}


def wilson_cases():
    for k, n in [(0, 1), (1, 1), (17, 20), (0, 50), (50, 50), (1, 1000), (999, 1000), (3, 7),
                 (500, 1000), (164, 164)]:
        interval = stats.binomtest(k, n).proportion_ci(CONFIDENCE, method="wilson")
        yield {"k": k, "n": n, "low": interval.low, "high": interval.high}


def adjust_cases():
    for n in (1, 2, 3, 7, 20, 100):
        for scale in (1.0, 0.05):
            p = rng.random(n) * scale
            if n > 3:
                p[1] = p[0]
            order = np.argsort(p, kind="stable")
            stepped = np.minimum(1, np.maximum.accumulate(p[order] * (n - np.arange(n))))
            holm = np.empty(n)
            holm[order] = stepped
            yield {"p": p.tolist(), "holm": holm.tolist(),
                   "bh": stats.false_discovery_control(p, method="bh").tolist()}


# (values, clusters, scale)
SIZES = ((6, 6, 1), (10, 3, 1), (40, 10, 1), (100, 2, 1), (60, 60, 1), (30, 7, 1e-90),
         (30, 7, 1e90))


def clustered_cases():
    shapes = [np.concatenate([np.arange(groups), rng.integers(0, groups, n - groups)])
              for n, groups, _ in SIZES]
    shapes.append(np.repeat(np.arange(6), (20, 1, 1, 1, 1, 1)))
    for c, scale in zip(shapes, [scale for _, _, scale in SIZES] + [1]):
        x = rng.normal(5, 2, len(c)) * scale
        se, freedom = cr2(x / scale, c)
        low, high = stats.t.interval(CONFIDENCE, freedom, x.mean(), se * scale)
        yield {"x": x.tolist(), "c": c.tolist(), "se": float(se * scale),
               "df": float(freedom), "low": float(low), "high": float(high)}


def power_of(effect, n, alpha):
    """Returns the power of the two-sided paired t-test."""
    critical = stats.t.ppf(1 - alpha / 2, n - 1)
    shift = effect * np.sqrt(n)
    # SciPy's lower tail is NaN if it is too small for a double.
    lower = np.nan_to_num(stats.nct.cdf(-critical, n - 1, shift))
    return stats.nct.sf(critical, n - 1, shift) + lower


def power_cases():
    for effect in (0.05, 0.2, 0.5, 0.8, 1.5):
        for n in (2, 5, 10, 30, 100, 300):
            for alpha in (0.05, 0.01):
                yield {"effect": effect, "n": n, "alpha": alpha,
                       "power": float(power_of(effect, n, alpha))}


def needed_cases():
    for effect in (0.1, 0.2, 0.5, 0.8, 1.5, 3.0):
        n = 2
        while power_of(effect, n, 0.05) < 0.8:
            n += 1
        yield {"effect": effect, "n": n}


def detectable_cases():
    for n in (2, 3, 6, 10, 20, 50, 100, 400):
        for alpha in (0.05, 0.01):
            upper = 300 if n == 2 else 30
            effect = optimize.brentq(lambda e: power_of(e, n, alpha) - 0.8, 0, upper,
                                     xtol=1e-15, rtol=1e-14)
            yield {"n": n, "alpha": alpha, "effect": float(effect)}


def trend_cases():
    for n in (2, 3, 10, 50, 120):
        x = np.arange(n, dtype=float)
        for y in (rng.normal(0, 1, n) + 0.1 * x, np.round(rng.normal(0, 1, n)),
                  1e9 + 16384 * x + rng.normal(0, 1e5, n)):
            r = stats.theilslopes(y, x, CONFIDENCE)
            yield {"x": x.tolist(), "y": y.tolist(), "slope": float(r.slope),
                   "low": float(r.low_slope), "high": float(r.high_slope)}
    x = np.repeat(np.arange(10.0), 3)
    y = x + rng.normal(0, 1, 30)
    r = stats.theilslopes(y, x, CONFIDENCE)
    yield {"x": x.tolist(), "y": y.tolist(), "slope": float(r.slope), "low": float(r.low_slope),
           "high": float(r.high_slope)}


def mean_cases():
    for i, values in enumerate(LISTS):
        d = np.array(values)
        if len(set(values)) < 2:
            continue
        low, high = stats.t.interval(CONFIDENCE, len(d) - 1, d.mean(), stats.sem(d))
        yield {"list": i, "mean": float(d.mean()), "sd": float(d.std(ddof=1)),
               "low": float(low), "high": float(high), "p90": float(np.quantile(d, 0.9))}


def bounded_cases():
    bounds = [(0, 10), (0, 1), (-1, 3), (0, 1e-90), (0, 1e90)]
    for low, high in bounds:
        for n, groups in ((2, 2), (3, 3), (5, 5), (10, 3), (40, 10), (60, 60)):
            c = np.concatenate([np.arange(groups), rng.integers(0, groups, n - groups)])
            zeros = np.where(rng.random(n) < 0.6, 0, rng.beta(1, 4, n))
            zeros[0] = 0.3
            for unit in (rng.beta(0.3, 4, n), 1 - rng.beta(0.3, 4, n), rng.beta(4, 4, n), zeros,
                         np.zeros(n), np.ones(n), np.full(n, 0.25)):
                x = low + (high - low) * unit
                ends = bounded_interval(x, c, low, high)
                yield {"x": x.tolist(), "c": c.tolist(), "bounds": [low, high],
                       "low": float(ends[0]), "high": float(ends[1])}


def main():
    cases = {name[:-6]: list(make())
             for name, make in globals().copy().items() if name.endswith("_cases")}
    text = json.dumps({"lists": LISTS, **cases}, separators=(",", ":"), allow_nan=False)
    (HERE / "cases.json").write_text(text + "\n")
    print({name: len(rows) for name, rows in cases.items()}, sum(map(len, cases.values())),
          "cases,", len(text), "bytes")


if __name__ == "__main__":
    main()
