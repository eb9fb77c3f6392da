"""Minutes of mixed load with models loaded and unloaded all the while: does every request end well, and does memory grow?

Memory is judged at its troughs: a cycle loads, serves and unloads again, so its lowest sample is what was not given back. Samples a
second apart hang together and would make any interval look narrow; troughs of whole cycles hardly do."""
import collections
import threading
import time

from scipy import stats

from faults.bed import STEADY, Bed, entry, resident_mib
from faults.finding import CONFIDENCE, Finding, wilson
from serving.mix import Mix, asked_for

CYCLE_SECONDS, RATE = 2.5, 5.0
# Between two cycles nothing but STEADY is resident: an idle model gives what it needed for prompts back after a second.
REST_SECONDS = 1.5
VISITORS = {"visitor-a": {}, "visitor-b": {"kv_cache": "int8"}}
SAMPLE_SECONDS = 1.0
# Caches fill and the allocator finds its size.
WARM_UP_SHARE, LEAST_TROUGHS = 0.3, 4
# A leak is what has certainly grown, over the time that was judged, by more than this share of the memory, and these MiB.
LEAK_SHARE, LEAK_MIB = 0.02, 8.0
LEAST_SUCCESS = 0.99
LONGEST_PROMPT_WORDS = 400
# Keys and values take memory as they are first written: all are, before anything is judged.
CACHE_TOKENS, FILL_PROMPT, FILLS = 4096, 1000, 6


class MemorySampler:
    """(seconds, resident MiB) of a process, a second apart, from `with` to its end."""

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
                # The process is gone: requests say so.
                return


def troughs(points, cycles):
    """The lowest point of each cycle, a (begin, end) in seconds."""
    lowest = []
    for begin, end in cycles:
        inside = [point for point in points if begin <= point[0] < end]
        if inside:
            lowest.append(min(inside, key=lambda point: point[1]))
    return lowest


def slope(points):
    """Theil and Sen's with its interval, MiB a second: (slope, low, high)."""
    seconds, mib = zip(*points)
    found = stats.theilslopes(mib, seconds, CONFIDENCE)
    # Numbers that JSON knows.
    return float(found.slope), float(found.low_slope), float(found.high_slope)


def leak(points, cycles):
    """What memory did after the warm-up, and whether that is a leak."""
    lowest = troughs(points, cycles)
    judged = lowest[int(WARM_UP_SHARE * len(lowest)):]
    if len(judged) < LEAST_TROUGHS:
        raise RuntimeError(f"{len(lowest)} cycles are too few to judge memory by: more --minutes")
    middle, low, high = slope(judged)
    span = judged[-1][0] - judged[0][0]
    allowed = max(LEAK_MIB, LEAK_SHARE * sorted(mib for _, mib in judged)[len(judged) // 2])
    every = [point for point in points if point[0] >= judged[0][0]]
    return {"troughs": lowest, "judged": len(judged), "span_s": span, "mib_per_hour": 3600 * middle, "mib_per_hour_low": 3600 * low,
            "mib_per_hour_high": 3600 * high, "certain_mib": low * span, "allowed_mib": allowed, "leaks": low * span > allowed,
            "every_second_mib_per_hour": [3600 * value for value in slope(every)]}


def words_of(request):
    return len(str(request.get("prompt", request.get("chat", ""))).split())


def short_plan(mix, seconds):
    """A plan of a cycle; prompts of thousands of tokens would make cycles of one request."""
    entries = []
    for one in mix.plan(seconds, RATE):
        if words_of(one["request"]) <= LONGEST_PROMPT_WORDS:
            one["request"] = {**one["request"], "max_new_tokens": min(one["request"]["max_new_tokens"], 48)}
            entries.append(one)
    return entries


def soak(args):
    minutes = args.minutes
    finding = Finding("Long run", f"{minutes:g} minutes of cycles of {CYCLE_SECONDS:g} s: mixed requests at {RATE:g} a second to three models, "
                      "a tenth cancelled, a twentieth with too little time; two of the models loaded and unloaded in each")
    models = [entry(args.model, name, **settings) for name, settings in VISITORS.items()]
    mix = Mix([STEADY, *VISITORS], args.seed)
    cycles, sent, succeeded, unasked = [], 0, 0, []
    with Bed(args, models, steady={"cache_tokens": CACHE_TOKENS}) as bed, MemorySampler(bed.daemon.process.pid) as memory:
        for _ in range(FILLS):
            bed.ask(STEADY, 1, prompt_tokens=FILL_PROMPT)
        while memory.now() < 60 * minutes:
            begin = memory.now()
            entries = short_plan(mix, CYCLE_SECONDS)
            plan = [{key: value for key, value in one.items() if key != "probe"} for one in entries]
            outcomes = finding.count(bed.client.play(plan)["outcomes"])
            for one, outcome in zip(entries, outcomes):
                asked = asked_for(one, outcome["code"])
                # What a client ended itself is no success of the server's, nor a failure.
                if outcome["code"] != "OK" and asked:
                    continue
                sent, succeeded = sent + 1, succeeded + asked
                if not asked:
                    unasked.append(f"{outcome['code']}: {outcome['message']}")
            for visitor in VISITORS:
                bed.cli("unload", visitor)
            time.sleep(REST_SECONDS)
            cycles.append((begin, memory.now()))
        quiet = bed.await_quiet()
        finding.after = bed.after()
        loads = bed.daemon.metrics("assay_model_loads_total{", 'result="succeeded"')
        finding.check("nothing runs when all clients have ended", quiet is not None)
        finding.check("the daemon stops with status 0", bed.daemon.stop() == 0)
    finding.others = None
    found = leak(memory.points, cycles)
    low, high = wilson(succeeded, sent)
    finding.fact(f"{succeeded} of {sent} requests that nobody broke off succeeded: {succeeded / sent:.3%} (95 % interval {low:.3%} to {high:.3%})")
    finding.fact(f"{len(cycles)} cycles, {loads:g} loads")
    finding.fact(f"memory at the troughs of {found['judged']} cycles after the warm-up: {found['mib_per_hour']:+.0f} MiB an hour "
                 f"(95 % interval {found['mib_per_hour_low']:+.0f} to {found['mib_per_hour_high']:+.0f}) over {found['span_s']:.0f} s; "
                 f"certainly grown by {max(found['certain_mib'], 0):.1f} MiB, {found['allowed_mib']:.1f} allowed")
    finding.check(f"at least {LEAST_SUCCESS:.0%} of them succeed", succeeded / sent >= LEAST_SUCCESS,
                  collections.Counter(unasked).most_common(3))
    finding.check(f"the lower end of the slope's interval, over the time judged, is at most {LEAK_MIB:g} MiB or {LEAK_SHARE:.0%} of the memory",
                  not found["leaks"], f"{found['certain_mib']:.1f} MiB of {found['allowed_mib']:.1f}")
    finding.memory = {"points": memory.points, **found}
    return finding
