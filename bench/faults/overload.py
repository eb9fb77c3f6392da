"""Overload: too many requests, too little time, too little memory."""
import signal
import time

from faults.bed import CONTEXT, TestBed, BackgroundLoad, STEADY, entry
from faults.finding import Finding
from patience import patience

LONG_TOKENS = 1800
# How late a request may end: one step of the model, plus a margin for a busy machine.
MARGIN_SECONDS = patience(0.5)
CLIENT_DEADLINES = (0.2, 0.4, 0.6, 0.8)
INFERENCE_TIMEOUT = 0.8
RUNNING, WAITING, SENT, QUEUED_TOKENS = 2, 3, 12, 48
REJECTED_SECONDS = patience(0.5)
VANISHED_STREAMS, VANISH_SECONDS = 4, 0.7
GONE_SECONDS = patience(2.0)
OVER_BUDGET, OVER_BUDGET_SECONDS = 5, patience(1.0)
BUDGET_SHARE = 1.5


def deadlines(args):
    """Sends requests that exceed the deadline of the client or of the server."""
    finding = Finding("Slow model",
                      f"requests of {LONG_TOKENS} tokens with deadlines of "
                      f"{', '.join(map(str, CLIENT_DEADLINES))} s by the client, then with "
                      f"limits.inference_timeout of {INFERENCE_TIMEOUT:g} s")
    late = []

    def judge(outcomes, times):
        for one, limit in zip(finding.count(outcomes), times):
            finding.check("each ends with DEADLINE_EXCEEDED", one["code"] == "DEADLINE_EXCEEDED",
                          one)
            late.append(one["end"] - one["start"] - limit)

    with TestBed(args, [entry(args.model, "slow")]) as bed, BackgroundLoad(bed) as background:
        bed.ask("slow")
        for limit in CLIENT_DEADLINES:
            judge(bed.client.play([bed.long_request("slow", LONG_TOKENS, deadline=limit)])[
                "outcomes"], [limit])
        together = [
            bed.long_request("slow", LONG_TOKENS, deadline=limit) for limit in CLIENT_DEADLINES]
        judge(bed.client.play(together)["outcomes"], CLIENT_DEADLINES)
        finding.recovery_s, finding.recovery_of = (bed.await_idle(),
                                                   "last deadline to no running request")
        finding.check("no request keeps running",
                      finding.recovery_s is not None
                      and finding.recovery_s < GONE_SECONDS + MARGIN_SECONDS, finding.recovery_s)
    background.judge(finding)
    with TestBed(args, limits={"inference_timeout": f"{INFERENCE_TIMEOUT}s"},
                 breaker={"failures": 3}) as bed:
        bed.ask(STEADY)
        for _ in range(4):
            judge(bed.client.play([bed.long_request(STEADY, LONG_TOKENS)])["outcomes"],
                  [INFERENCE_TIMEOUT])
        finding.check("deadlines of a working model do not open its breaker",
                      bed.ask(STEADY)["code"] == "OK")
        finding.after = bed.after()
    finding.check(f"none ends more than {MARGIN_SECONDS:g} s late or 10 ms early",
                  -0.01 < min(late) and max(late) < MARGIN_SECONDS, [f"{one:.3f}" for one in late])
    finding.fact(f"ends {1000 * min(late):.0f} to {1000 * max(late):.0f} ms after its deadline")
    return finding


def full_queue(args):
    """Sends more concurrent requests than can run and wait."""
    finding = Finding("Full queue",
                      f"{SENT} concurrent requests to a daemon that runs {RUNNING} per model and "
                      f"queues {WAITING}")
    with TestBed(args, [entry(args.model, "busy")],
                 limits={"max_running": RUNNING, "max_waiting": WAITING}) as bed:
        bed.ask("busy")
        with BackgroundLoad(bed) as background:
            outcomes = finding.count(bed.client.play(
                [bed.request("busy", QUEUED_TOKENS) for _ in range(SENT)])["outcomes"])
        taken = [one for one in outcomes if one["code"] == "OK"]
        rejected = [one for one in outcomes if one["code"] == "RESOURCE_EXHAUSTED"]
        finding.check("each is answered or rejected", len(taken) + len(rejected) == SENT,
                      dict(finding.saw))
        finding.check(f"as many as fit are answered, at least {RUNNING + WAITING - 1}",
                      len(taken) >= RUNNING + WAITING - 1 and rejected, dict(finding.saw))
        finding.check("each rejection has RetryInfo", all(one["retry_s"] for one in rejected))
        slowest = max((one["end"] - one["start"] for one in rejected), default=0)
        finding.check(f"each is rejected within {REJECTED_SECONDS:g} s", slowest < REJECTED_SECONDS,
                      f"{slowest:.3f} s")
        finding.fact(f"rejected within {1000 * slowest:.0f} ms")
        start = time.monotonic()
        again = finding.count([bed.ask("busy")])[0]
        finding.recovery_s, finding.recovery_of = (time.monotonic() - start,
                                                   "queue empty to an answer")
        finding.check("then the queue accepts requests again", again["code"] == "OK", again)
        finding.after = bed.after()
        background.judge(finding)
    return finding


def vanished(args):
    """Kills a client in the middle of its streams; their memory must be freed."""
    finding = Finding("Client vanishes in the middle of streams",
                      f"client of {VANISHED_STREAMS} streams killed (SIGKILL) after "
                      f"{VANISH_SECONDS:g} s; then a prompt that needs nearly all pages of the "
                      "model's cache")
    with (TestBed(args, [entry(args.model, "held", cache_tokens=CONTEXT)]) as bed,
          BackgroundLoad(bed) as background):
        bed.ask("held")
        with bed.player() as victim:
            victim.send([bed.long_request("held", LONG_TOKENS) for _ in range(VANISHED_STREAMS)])
            time.sleep(VANISH_SECONDS)
            running = bed.daemon.metrics("assay_requests_running{", 'model="held"')
            victim.process.send_signal(signal.SIGKILL)
            victim.process.wait()
            start = time.monotonic()
        finding.saw["killed"] += VANISHED_STREAMS
        finding.check("the streams were running", running > 0, running)
        while bed.daemon.metrics("assay_requests_running{",
                                 'model="held"') and time.monotonic() < start + 5 * GONE_SECONDS:
            time.sleep(0.01)
        finding.recovery_s, finding.recovery_of = (time.monotonic() - start,
                                                   "client killed to none of its requests running")
        finding.check(f"its requests end within {GONE_SECONDS:g} s",
                      finding.recovery_s < GONE_SECONDS, f"{finding.recovery_s:.2f} s")
        whole = finding.count([bed.ask("held", 4, prompt_tokens=CONTEXT - 200)])[0]
        finding.check("their KV pages are free: a prompt that needs nearly all of them is answered",
                      whole["code"] == "OK", whole)
        finding.after = bed.after()
    background.judge(finding)
    return finding


def memory_exhausted(args):
    """Requests a model that does not fit the budget next to a pinned model."""
    with TestBed(args) as bed:
        model_bytes = int(bed.model(STEADY)["details"]["residentBytes"])
    finding = Finding("Memory budget exhausted",
                      f"budget of {BUDGET_SHARE:g} models, one of them pinned; {OVER_BUDGET} "
                      "requests to another")
    models = [entry(args.model, "other")]
    with (TestBed(args, models, steady={"pin": True},
                  memory_budget=round(BUDGET_SHARE * model_bytes), breaker={"failures": 1}) as bed,
          BackgroundLoad(bed) as background):
        outcomes = finding.count([bed.ask("other") for _ in range(OVER_BUDGET)])
        finding.check("each is RESOURCE_EXHAUSTED with RetryInfo",
                      all(one["code"] == "RESOURCE_EXHAUSTED" and one["retry_s"]
                          for one in outcomes), outcomes[:1])
        slowest = max(one["end"] - one["start"] for one in outcomes)
        finding.check(f"each is rejected within {OVER_BUDGET_SECONDS:g} s",
                      slowest < OVER_BUDGET_SECONDS, f"{slowest:.2f} s")
        finding.fact(f"rejected within {1000 * slowest:.0f} ms")
        breaker = bed.model("other")["breaker"]
        finding.check("a lack of memory does not open the breaker",
                      breaker["state"] == "BREAKER_STATE_CLOSED", breaker)
        start = time.monotonic()
        answer = finding.count([bed.ask(STEADY)])[0]
        finding.recovery_s, finding.recovery_of = (time.monotonic() - start,
                                                   "last rejection to an answer of the pinned "
                                                   "model")
        finding.check("the pinned model serves", answer["code"] == "OK", answer)
        used = bed.daemon.metrics()["assay_model_memory_bytes"]
        finding.check("resident models are within the budget", used <= BUDGET_SHARE * model_bytes,
                      used)
        finding.after = bed.after()
    background.judge(finding)
    return finding
