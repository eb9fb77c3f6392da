"""Statistics of lists of numbers and of the outcomes of a player."""
import math
import statistics


def percentile(values, share):
    """Returns the percentile, interpolated linearly, or None for an empty list."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below, above = math.floor(place), math.ceil(place)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def milliseconds(seconds):
    """Returns p50, p90, p99 and max of a list of seconds, in ms."""
    found = {f"p{round(100 * share)}": percentile(seconds, share) for share in (0.5, 0.9, 0.99)}
    found["max"] = max(seconds, default=None)
    return {name: None if value is None else 1000 * value for name, value in found.items()}


def slope(points):
    """Returns the Theil-Sen slope: the median of the slopes between all pairs of points."""
    slopes = [(y2 - y1) / (x2 - x1) for i, (x1, y1) in enumerate(points)
              for x2, y2 in points[i + 1:] if x2 > x1]
    return statistics.median(slopes) if slopes else None


def gaps(outcome, begin=-math.inf, end=math.inf):
    """Returns the seconds between consecutive deltas that arrived from `begin` to `end`."""
    times = [time for time, _ in outcome["deltas"] if begin <= time <= end]
    return [after - before for before, after in zip(times, times[1:])]


class NoTokens(RuntimeError):
    """A stream without tokens: the model ended at once, so that there is nothing to measure."""


def check_tokens(outcomes):
    """Raises NoTokens with what is known of the first stream without tokens."""
    for outcome in outcomes:
        if not outcome["deltas"]:
            raise NoTokens(f"a stream had no tokens (finish_reason "
                           f"{outcome.get('finish_reason', 'unknown')}, prompt tokens "
                           f"{outcome.get('prompt_tokens', 'unknown')}); choose other prompts")


def first_token_seconds(outcome):
    check_tokens([outcome])
    return outcome["deltas"][0][0] - outcome["start"]


def decoding_window(outcomes):
    """Returns the interval from the last first token to the end of the first stream."""
    check_tokens(outcomes)
    return (max(outcome["deltas"][0][0] for outcome in outcomes),
            min(outcome["deltas"][-1][0] for outcome in outcomes))


def tokens_per_second(outcomes, window):
    begin, end = window
    if end <= begin:
        raise NoTokens("a stream ended before all of them had a first token")
    tokens = sum(
        count for outcome in outcomes for time, count in outcome["deltas"] if begin < time <= end)
    return tokens / (end - begin)
