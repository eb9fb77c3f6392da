"""The interval of a bounded mean, computed with SciPy: the reference of evaluator/stats/clustered.h."""
import numpy as np
from scipy import special, stats

CONFIDENCE = 0.95


def clustered_error(x, c):
    """Returns the number of clusters and the cluster-robust standard error of the mean."""
    labels = np.unique(c)
    groups = len(labels)
    sums = np.array([np.sum(x[c == g] - x.mean()) for g in labels])
    return groups, np.sqrt(groups / (groups - 1) * np.sum(sums ** 2)) / len(x)


def bounded_interval(x, c, low, high, confidence=CONFIDENCE):
    """Returns the ends of the interval of the mean of x, with clusters c and values in [low, high].
    """
    groups, error = clustered_error(x, c)
    mean = x.mean()
    if error <= 1e-9 * (high - low):
        other = 1 - (1 - confidence) ** (1 / groups)
        return mean - other * (mean - low), mean + other * (high - mean)
    share = (mean - low) / (high - low)
    # The delta method: the derivative of logit(p) is 1 / (p (1 - p)).
    error = error / (high - low) / (share * (1 - share))
    ends = stats.t.interval(confidence, groups - 1, special.logit(share), error)
    return tuple(low + (high - low) * special.expit(np.array(ends)))
