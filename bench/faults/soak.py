"""Runs a mixed load while models are loaded and unloaded; checks requests and memory growth.

Memory is judged at its troughs: a cycle loads, serves and unloads, so its lowest sample is the
memory that was not freed. faults/slope.py estimates their slope. A run of an hour passes only if
the upper end of the slope's interval is within MAX_MIB_PER_HOUR. A run that is too short for that
is undecided; it fails only if a growth is certain.
"""
import collections
import statistics
import threading
import time

from faults import slope
from faults.bed import STEADY, TestBed, entry, resident_mib
from faults.finding import Finding, wilson
from serving.mix import Mix, is_expected

CYCLE_SECONDS, RATE = 2.5, 5.0
# Between two cycles only STEADY is resident. An idle model frees its prompt buffers after one
# second.
REST_SECONDS = 1.5
VISITORS = {"visitor-a": {}, "visitor-b": {"kv_cache": "int8"}}
SAMPLE_SECONDS = 1.0
# During the warm-up, caches fill and the allocator reaches its steady size.
WARM_UP_SHARE = 0.3
# Fewer cycles have too few troughs for a slope. A busy machine needs more time for them.
MIN_CYCLES = 12
# The upper end of the slope's interval must be within this limit, after the warm-up.
MAX_MIB_PER_HOUR = 20.0
# In a shorter time, caches that still fill up cannot be distinguished from a leak.
MIN_JUDGED_SECONDS = 25 * 60.0
# A run of any length fails if its memory grows, over the judged time and with this confidence, by
# more than this share and this number of MiB.
CERTAINTY, LEAK_SHARE, LEAK_MIB = 0.999, 0.02, 8.0
MIN_SUCCESS_SHARE = 0.99
MAX_PROMPT_WORDS = 400
# KV cache memory is allocated on first use, so the KV cache is filled before anything is judged.
CACHE_TOKENS, FILL_PROMPT, FILLS = 4096, 1000, 6


class MemorySampler:
    """A context manager that samples (seconds, resident MiB) of a process every second."""

    def __init__(self, pid):
        self.pid, self.points, self.done = pid, [], threading.Event()

    def __enter__(self):
        self.start = time.monotonic()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def now(self):
        return time.monotonic() - self.start

    def run(self):
        while not self.done.wait(SAMPLE_SECONDS):
            try:
                self.points.append((self.now(), resident_mib(self.pid)))
            except OSError:
                # The process has exited; the requests report that.
                return


def troughs(points, cycles):
    """Returns the lowest point of each cycle; cycles are (begin, end) in seconds."""
    lowest = []
    for begin, end in cycles:
        inside = [point for point in points if begin <= point[0] < end]
        if inside:
            lowest.append(min(inside, key=lambda point: point[1]))
    return lowest


def judge(points, cycles):
    """Returns the growth of memory after the warm-up and its "verdict".

    The verdict is "passes", "leaks", or "undecided" with the reason under "why_undecided".
    """
    lowest = troughs(points, cycles)
    judged = lowest[int(WARM_UP_SHARE * len(lowest)):]
    span = judged[-1][0] - judged[0][0] if judged else 0.0
    growth = {"troughs": lowest, "judged": len(judged), "span_s": span, "why_undecided": ""}
    found = slope.slope(judged)
    if found is None:
        why = f"{len(judged)} cycles after the warm-up are too few for a slope"
        return growth | {"verdict": "undecided", "why_undecided": why}
    certain = slope.slope(judged, CERTAINTY).low * span / 3600
    allowed = max(LEAK_MIB, LEAK_SHARE * statistics.median(mib for _, mib in judged))
    growth |= {"mib_per_hour": found.middle, "mib_per_hour_low": found.low,
               "mib_per_hour_high": found.high, "certain_mib": certain, "allowed_mib": allowed}
    if certain > allowed:
        return growth | {"verdict": "leaks"}
    if span < MIN_JUDGED_SECONDS:
        why = f"{span:.0f} s after the warm-up are fewer than {MIN_JUDGED_SECONDS:.0f} s"
        return growth | {"verdict": "undecided", "why_undecided": why}
    return growth | {"verdict": "passes" if found.high <= MAX_MIB_PER_HOUR else "leaks"}


def report_memory(finding, found):
    """Adds the facts and the check of what judge() found."""
    claim = (f"memory grows by at most {MAX_MIB_PER_HOUR:g} MiB per hour (upper end of the 95 % "
             "interval)")
    seen = f"{found['judged']} cycles in {found['span_s']:.0f} s after the warm-up"
    if "mib_per_hour" in found:
        seen = (f"{found['mib_per_hour']:+.0f} MiB per hour (95 % interval "
                f"{found['mib_per_hour_low']:+.0f} to {found['mib_per_hour_high']:+.0f}), {seen}")
    finding.fact(f"memory at the troughs: {seen}")
    if found["verdict"] == "undecided":
        finding.leave_undecided(claim, found["why_undecided"])
    else:
        finding.check(claim, found["verdict"] == "passes", seen)
    finding.memory = found


def words_of(request):
    return len(str(request.get("prompt", request.get("chat", ""))).split())


def short_plan(mix, seconds):
    """Returns the plan of a cycle, without long prompts, which would fill a cycle by themselves."""
    entries = []
    for one in mix.plan(seconds, RATE):
        if words_of(one["request"]) <= MAX_PROMPT_WORDS:
            one["request"] = {**one["request"],
                              "max_new_tokens": min(one["request"]["max_new_tokens"], 48)}
            entries.append(one)
    return entries


def soak(args):
    minutes = args.minutes
    finding = Finding("Soak test",
                      f"{minutes:g} minutes (at least {MIN_CYCLES} cycles) of cycles of "
                      f"{CYCLE_SECONDS:g} s: {RATE:g} mixed "
                      "requests per second to three models, a tenth cancelled, a twentieth with a "
                      "deadline that is too short; each cycle loads and unloads two of the models")
    models = [entry(args.model, name, **settings) for name, settings in VISITORS.items()]
    mix = Mix([STEADY, *VISITORS], args.seed)
    cycles, sent, succeeded, unexpected = [], 0, 0, []
    with (TestBed(args, models, steady={"cache_tokens": CACHE_TOKENS}) as bed,
          MemorySampler(bed.daemon.process.pid) as memory):
        for _ in range(FILLS):
            bed.ask(STEADY, 1, prompt_tokens=FILL_PROMPT)
        while memory.now() < 60 * minutes or len(cycles) < MIN_CYCLES:
            begin = memory.now()
            entries = short_plan(mix, CYCLE_SECONDS)
            plan = [{key: value for key, value in one.items() if key != "probe"} for one in entries]
            outcomes = finding.count(bed.client.play(plan)["outcomes"])
            for one, outcome in zip(entries, outcomes):
                expected = is_expected(one, outcome["code"])
                # A request that the client ended itself is neither a success nor a failure of the
                # server.
                if outcome["code"] != "OK" and expected:
                    continue
                sent, succeeded = sent + 1, succeeded + expected
                if not expected:
                    unexpected.append(f"{outcome['code']}: {outcome['message']}")
            for visitor in VISITORS:
                bed.cli("unload", visitor)
            time.sleep(REST_SECONDS)
            cycles.append((begin, memory.now()))
        quiet = bed.await_idle()
        finding.after = bed.after()
        loads = bed.daemon.metrics("assay_model_loads_total{", 'result="succeeded"')
        finding.check("no request runs after all clients finished", quiet is not None)
        finding.check("the daemon stops with status 0", bed.daemon.stop() == 0)
    finding.others = None
    low, high = wilson(succeeded, sent)
    finding.fact(f"{succeeded} of {sent} requests that were not cancelled succeeded: "
                 f"{succeeded / sent:.3%} (95 % interval {low:.3%} to {high:.3%})")
    finding.fact(f"{len(cycles)} cycles, {loads:g} loads")
    finding.check(f"at least {MIN_SUCCESS_SHARE:.0%} of these requests succeed",
                  succeeded / sent >= MIN_SUCCESS_SHARE,
                  collections.Counter(unexpected).most_common(3))
    report_memory(finding, {"points": memory.points, **judge(memory.points, cycles)})
    return finding
