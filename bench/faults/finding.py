"""The results of one fault."""
import collections
import dataclasses

from scipy import stats

CONFIDENCE = 0.95


def wilson(successes, total):
    """Returns the 95 % Wilson score interval of a proportion, or None if `total` is 0."""
    if not total:
        return None
    interval = stats.binomtest(successes, total).proportion_ci(CONFIDENCE, method="wilson")
    return interval.low, interval.high


@dataclasses.dataclass
class Finding:
    """One row of the report.

    `saw` counts the statuses that clients received. `others` is (succeeded, sent) of concurrent
    requests to another model, or None if none could be served.
    """
    fault: str
    done: str
    saw: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    others: tuple = None
    recovery_s: float = None
    recovery_of: str = ""
    after: str = ""
    facts: list = dataclasses.field(default_factory=list)
    checks: list = dataclasses.field(default_factory=list)
    # Claims that the run was too short to judge, each with the reason.
    undecided: list = dataclasses.field(default_factory=list)
    # Only of the soak test.
    memory: dict = None

    def count(self, outcomes):
        self.saw.update(outcome["code"] for outcome in outcomes)
        return outcomes

    def check(self, claim, holds, seen=""):
        """Records an assertion. `seen` is the observed value, shown if the claim does not hold."""
        self.checks.append({"claim": claim, "holds": bool(holds), "seen": str(seen)})

    def leave_undecided(self, claim, why):
        self.undecided.append({"claim": claim, "why": why})

    def fact(self, text):
        self.facts.append(text)

    @property
    def failed(self):
        return not self.checks or not all(check["holds"] for check in self.checks)

    @property
    def passed(self):
        return not self.failed and not self.undecided

    @property
    def verdict(self):
        if self.failed:
            return "**FAIL**"
        return "undecided" if self.undecided else "pass"

    def failures(self):
        return [f"{self.fault}: not true: {check['claim']}"
                + (f" (seen: {check['seen']})" if check["seen"] else "") for check in self.checks
                if not check["holds"]]

    def open_questions(self):
        return [f"{self.fault}: undecided: {one['claim']}: {one['why']}" for one in self.undecided]

    def to_json(self):
        found = dataclasses.asdict(self)
        found["saw"] = dict(self.saw)
        found["passed"] = self.passed
        if self.others:
            found["others_wilson"] = wilson(*self.others)
        return found
