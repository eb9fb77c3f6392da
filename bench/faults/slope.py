"""The growth of memory over time, with an interval that holds for correlated samples.

The samples are divided into consecutive batches of equal size. A line is fitted to the medians of
the batches by least squares, and its slope has Student's interval with BATCHES - 2 degrees of
freedom. This is the method of batch means (Schmeiser 1982, "Batch size effects in the analysis of
simulation output", Operations Research 30(3): 10 to 30 batches that are long compared with the
correlation). The median makes it robust to bursts. Where the batches are short, the interval is
widened. tests/bench/slope_test.py measures its coverage.

An interval that takes all samples for independent, such as Theil and Sen's, is too narrow. With a
few hundred samples around a trend, so are intervals after Newey and West 1987.
"""
import dataclasses
import math

import numpy as np
from scipy import stats

from faults.finding import CONFIDENCE

BATCHES = 10
# A batch should be this many times as long as the correlation time of the samples.
CORRELATION_TIMES = 4
# Smaller batches have no useful median.
MIN_BATCH = 2
# Noise below this share of the value is rounding.
ROUNDING = 1e-9


@dataclasses.dataclass
class Slope:
    """A slope and its interval, in MiB per hour."""
    middle: float
    low: float
    high: float


def correlation_time(values):
    """Returns the correlation time of an AR(1) process, in samples, without the linear trend."""
    at = np.arange(len(values))
    rest = values - np.polyval(np.polyfit(at, values, 1), at)
    variance = float(np.dot(rest, rest))
    if variance <= len(values) * (ROUNDING * np.max(np.abs(values)))**2:
        return 1.0
    lag_one = float(np.dot(rest[1:], rest[:-1])) / variance
    # The estimate is biased (Kendall 1954, "Note on bias in the estimation of autocorrelation",
    # Biometrika 41); this is the correction for a process with a trend.
    lag_one = min(max(lag_one + (2 + 4 * lag_one) / len(values), 0.0), 1 - 1 / len(values))
    return (1 + lag_one) / (1 - lag_one)


def slope(points, confidence=CONFIDENCE):
    """Returns the Slope of (seconds, MiB) points in order, or None if they are too few."""
    batch = len(points) // BATCHES
    if batch < MIN_BATCH:
        return None
    hours, mib = (np.array(column, dtype=float) for column in zip(*points))
    hours /= 3600
    parts = np.array_split(np.arange(len(points)), BATCHES)
    found = stats.linregress([hours[part].mean() for part in parts],
                             [np.median(mib[part]) for part in parts])
    widened = math.sqrt(max(1.0, CORRELATION_TIMES * correlation_time(mib) / batch))
    reach = widened * stats.t.ppf((1 + confidence) / 2, BATCHES - 2) * found.stderr
    # Converts NumPy numbers, which json cannot serialize.
    return Slope(float(found.slope), float(found.slope - reach), float(found.slope + reach))
