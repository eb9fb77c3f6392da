"""Runs a mixed load while models are loaded and unloaded; checks requests and memory growth.

Memory is judged at its troughs: a cycle loads, serves and unloads, so its lowest sample is the
memory that was not freed. Samples one second apart are correlated and would make any interval too
narrow; troughs of whole cycles hardly are.
"""
import collections
import threading
import time

from scipy import stats

from faults.bed import STEADY, TestBed, entry, resident_mib
from faults.finding import CONFIDENCE, Finding, wilson
from serving.mix import Mix, is_expected

CYCLE_SECONDS, RATE = 2.5, 5.0
# Between two cycles only STEADY is resident. An idle model frees its prompt buffers after one
# second.
REST_SECONDS = 1.5
VISITORS = {"visitor-a": {}, "visitor-b": {"kv_cache": "int8"}}
SAMPLE_SECONDS = 1.0
# During the warm-up, caches fill and the allocator reaches its steady size.
WARM_UP_SHARE = 0.3
# Fewer points make the interval of the slope meaningless. A busy machine needs more time for them.
MIN_TROUGHS, MIN_CYCLES = 8, 12
# A leak is a certain growth, over the judged time, of more than this share of the memory and this
# number of MiB.
LEAK_SHARE, LEAK_MIB = 0.02, 8.0
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


def slope(points):
    """Returns the Theil-Sen slope with its interval, (slope, low, high) in MiB per second."""
    seconds, mib = zip(*points)
    found = stats.theilslopes(mib, seconds, CONFIDENCE)
    # Converts NumPy numbers, which json cannot serialize.
    return float(found.slope), float(found.low_slope), float(found.high_slope)


def leak(points, cycles):
    """Returns the growth of memory after the warm-up, and True under "leaks" if it is a leak."""
    lowest = troughs(points, cycles)
    judged = lowest[int(WARM_UP_SHARE * len(lowest)):]
    if len(judged) < MIN_TROUGHS:
        raise RuntimeError(f"{len(lowest)} cycles are too few to judge memory; raise --minutes")
    middle, low, high = slope(judged)
    span = judged[-1][0] - judged[0][0]
    allowed = max(LEAK_MIB, LEAK_SHARE * sorted(mib for _, mib in judged)[len(judged) // 2])
    every = [point for point in points if point[0] >= judged[0][0]]
    return {"troughs": lowest, "judged": len(judged), "span_s": span, "mib_per_hour": 3600 * middle,
            "mib_per_hour_low": 3600 * low, "mib_per_hour_high": 3600 * high,
            "certain_mib": low * span, "allowed_mib": allowed, "leaks": low * span > allowed,
            "every_second_mib_per_hour": [3600 * value for value in slope(every)]}


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
    found = leak(memory.points, cycles)
    low, high = wilson(succeeded, sent)
    finding.fact(f"{succeeded} of {sent} requests that were not cancelled succeeded: "
                 f"{succeeded / sent:.3%} (95 % interval {low:.3%} to {high:.3%})")
    finding.fact(f"{len(cycles)} cycles, {loads:g} loads")
    finding.fact(f"memory at the troughs of {found['judged']} cycles after the warm-up: "
                 f"{found['mib_per_hour']:+.0f} MiB per hour (95 % interval "
                 f"{found['mib_per_hour_low']:+.0f} to {found['mib_per_hour_high']:+.0f}) over "
                 f"{found['span_s']:.0f} s; certain growth {max(found['certain_mib'], 0):.1f} "
                 f"MiB, {found['allowed_mib']:.1f} allowed")
    finding.check(f"at least {MIN_SUCCESS_SHARE:.0%} of these requests succeed",
                  succeeded / sent >= MIN_SUCCESS_SHARE,
                  collections.Counter(unexpected).most_common(3))
    finding.check(f"the certain growth over the judged time is at most {LEAK_MIB:g} MiB or "
                  f"{LEAK_SHARE:.0%} of the memory", not found["leaks"],
                  f"{found['certain_mib']:.1f} MiB of {found['allowed_mib']:.1f}")
    finding.memory = {"points": memory.points, **found}
    return finding
