"""Overload: the answers per second and their times at 0.5 to 10 times what the model can do."""
import random

from faults.bed import TestBed, entry
from faults.finding import Finding

FACTORS = (0.5, 1, 2, 5, 10)
PROMPT_TOKENS, NEW_TOKENS = 16, 32
# Two full batches at once show what the model can do.
BURST = 32
DEADLINE_SECONDS = 20
MAX_WAIT_SECONDS = 2
MIN_LEVEL_SECONDS, MAX_LEVEL_SECONDS = 6, 20
# The share of a level in the minutes of the whole run.
LEVELS_PER_RUN = 12
LEAST_GOODPUT = 0.9


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def sustainable(args):
    """Returns the requests per second that a daemon without max_wait finishes in full batches."""
    with TestBed(args, [entry(args.model, "m", preload=True)]) as bed:
        for _ in range(2):
            plan = [bed.request("m", NEW_TOKENS, PROMPT_TOKENS) for _ in range(BURST)]
            played = bed.client.play(plan)["outcomes"]
    return BURST / max(one["end"] for one in played)


def level(bed, rate, seconds, generator):
    """Sends requests at random times, whether or not earlier ones have ended."""
    plan, at = [], generator.expovariate(rate)
    while at < seconds:
        plan.append(bed.request("m", NEW_TOKENS, PROMPT_TOKENS, at, deadline=DEADLINE_SECONDS))
        at += generator.expovariate(rate)
    outcomes = bed.client.play(plan)["outcomes"]
    bed.await_idle()
    answered = [one for one in outcomes if one["code"] == "OK"]
    refused = [one for one in outcomes if one["code"] == "RESOURCE_EXHAUSTED"]
    window = max([one["end"] for one in answered] + [seconds])
    return {"sent": len(plan), "rate": rate, "goodput": len(answered) / window,
            "answered": len(answered), "refused": len(refused), "outcomes": outcomes,
            "p50": percentile([one["end"] - one["start"] for one in answered], 0.5),
            "p99": percentile([one["end"] - one["start"] for one in answered], 0.99),
            "refusal_p99": percentile([one["end"] - one["start"] for one in refused], 0.99)}


def curve(args):
    finding = Finding("Overload", "requests at random times, at multiples of the rate that the model "
                      f"sustains; {PROMPT_TOKENS} prompt tokens, {NEW_TOKENS} new tokens, a deadline "
                      f"of {DEADLINE_SECONDS} s, limits.max_wait of {MAX_WAIT_SECONDS} s")
    seconds = min(max(60 * args.minutes / LEVELS_PER_RUN, MIN_LEVEL_SECONDS), MAX_LEVEL_SECONDS)
    rate = sustainable(args)
    finding.fact(f"the model sustains {rate:.1f} requests per second")
    generator = random.Random(args.seed)
    levels = {}
    with TestBed(args, [entry(args.model, "m", preload=True)],
                 limits={"max_wait": f"{MAX_WAIT_SECONDS}s"}) as bed:
        # The pace and the length of texts are learned from requests.
        level(bed, rate, seconds / 2, generator)
        for factor in FACTORS:
            levels[factor] = one = level(bed, factor * rate, seconds, generator)
            finding.count(one["outcomes"])
            finding.fact(f"{factor:g} x: {one['rate']:.1f}/s sent, {one['goodput']:.1f}/s answered, "
                         f"{one['refused']} of {one['sent']} refused; median {one['p50']:.2f} s, "
                         f"p99 {one['p99']:.2f} s; p99 of refusals "
                         f"{1000 * one['refusal_p99']:.0f} ms")
        finding.after = bed.after()
    finding.check("each refused request has RetryInfo",
                  all(one["retry_s"] for found in levels.values() for one in found["outcomes"]
                      if one["code"] == "RESOURCE_EXHAUSTED"), dict(finding.saw))
    judge(finding, levels, seconds)
    return finding


def judge(finding, levels, seconds):
    """Judges answers and times. The levels of a short run hold too few requests for that."""
    peak = max(one["goodput"] for one in levels.values())
    most = levels[FACTORS[-1]]
    claims = (
        ("each request is answered or refused",
         all(one["code"] in ("OK", "RESOURCE_EXHAUSTED")
             for found in levels.values() for one in found["outcomes"]), dict(finding.saw)),
        (f"at {FACTORS[-1]} x, at least {LEAST_GOODPUT:.0%} of the best rate is answered",
         most["goodput"] >= LEAST_GOODPUT * peak, f"{most['goodput']:.2f} of {peak:.2f}/s"),
        (f"at {FACTORS[-1]} x, p99 is at most {MAX_WAIT_SECONDS} s above that at 1 x",
         most["p99"] <= levels[1]["p99"] + MAX_WAIT_SECONDS,
         f"{most['p99']:.2f} s, at 1 x {levels[1]['p99']:.2f} s"))
    for claim, holds, seen in claims:
        if seconds < MAX_LEVEL_SECONDS:
            finding.leave_undecided(claim, f"{seconds:.0f} s a level are too few; give --minutes "
                                    f"{MAX_LEVEL_SECONDS * LEVELS_PER_RUN / 60:.0f} or more")
        else:
            finding.check(claim, holds, seen)
