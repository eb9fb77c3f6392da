"""What was found of one fault, and the numbers in it."""
import collections
import dataclasses

from scipy import stats

CONFIDENCE = 0.95


def wilson(successes, total):
    """Wilson's 95 % score interval of a share; None of nothing."""
    if not total:
        return None
    interval = stats.binomtest(successes, total).proportion_ci(CONFIDENCE, method="wilson")
    return interval.low, interval.high


@dataclasses.dataclass
class Finding:
    """One row of the report. `saw`: how often clients saw each status. others: (succeeded, sent) of requests to another model
    meanwhile; None where none could be served."""
    fault: str
    done: str
    saw: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    others: tuple = None
    recovery_s: float = None
    recovery_of: str = ""
    after: str = ""
    facts: list = dataclasses.field(default_factory=list)
    checks: list = dataclasses.field(default_factory=list)
    # Of the long run.
    memory: dict = None

    def count(self, outcomes):
        self.saw.update(outcome["code"] for outcome in outcomes)
        return outcomes

    def check(self, claim, holds, seen=""):
        """`claim` is what must be; `seen` what was, for those who read that it was not."""
        self.checks.append({"claim": claim, "holds": bool(holds), "seen": str(seen)})

    def fact(self, text):
        self.facts.append(text)

    @property
    def passed(self):
        return bool(self.checks) and all(check["holds"] for check in self.checks)

    def failures(self):
        return [f"{self.fault}: not true: {check['claim']}" + (f" (seen: {check['seen']})" if check["seen"] else "")
                for check in self.checks if not check["holds"]]

    def to_json(self):
        found = dataclasses.asdict(self)
        found["saw"] = dict(self.saw)
        found["passed"] = self.passed
        if self.others:
            found["others_wilson"] = wilson(*self.others)
        return found
