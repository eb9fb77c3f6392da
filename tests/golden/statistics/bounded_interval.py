"""The interval of a bounded mean, computed with SciPy: the reference of evaluator/stats/clustered.h."""
import numpy as np
from scipy import linalg, special, stats

CONFIDENCE = 0.95


def cr2(x, c):
    """Returns the CR2 standard error of the mean and Satterthwaite's degrees of freedom.

    Computed with the matrices of Pustejovsky and Tipton (2018) for a regression on a constant.
    """
    n = len(x)
    design = np.ones((n, 1))
    hat = design @ design.T / n
    rest = np.eye(n) - hat
    residuals = rest @ x
    variance, columns = 0.0, []
    for g in np.unique(c):
        rows = c == g
        adjusted = linalg.inv(linalg.sqrtm(rest[np.ix_(rows, rows)]).real)
        weights = adjusted.T @ design[rows, 0] / n
        variance += float(weights @ residuals[rows]) ** 2
        columns.append(rest[:, rows] @ weights)
    p = np.array(columns).T
    b = p.T @ p
    return np.sqrt(variance), np.trace(b) ** 2 / np.sum(b * b)


def bounded_interval(x, c, low, high, confidence=CONFIDENCE):
    """Returns the ends of the interval of the mean of x, with clusters c and values in [low, high].
    """
    groups = len(np.unique(c))
    # The matrices are computed at the scale of the bounds.
    error, freedom = cr2((x - low) / (high - low), c)
    error *= high - low
    mean = x.mean()
    if error <= 1e-9 * (high - low):
        other = 1 - (1 - confidence) ** (1 / groups)
        return mean - other * (mean - low), mean + other * (high - mean)
    share = (mean - low) / (high - low)
    # The delta method: the derivative of logit(p) is 1 / (p (1 - p)).
    error = error / (high - low) / (share * (1 - share))
    ends = stats.t.interval(confidence, freedom, special.logit(share), error)
    return tuple(low + (high - low) * special.expit(np.array(ends)))
