"""More models than memory: does what is counted agree with what is taken, what does a swap cost, does everybody get an answer?"""
import random
import statistics
import time

from serving import measures
from serving.daemon import Daemon
from serving.player import Player, stream_of
from serving.streams import model_entry
from serving.words import Prompts

MIB = 2**20
# A dozen models of 0.3 to 0.6 GiB: the same weights at the sizes that their settings make of them.
RESIDENT = {f"{name}-{i}": settings for i in range(4) for name, settings in {
    "float32": {"weights": "full", "dtype": "float32", "cache_tokens": 2048},
    "bfloat16": {"weights": "full", "dtype": "bfloat16", "cache_tokens": 2048},
    "cache": {"kv_cache": "float32", "cache_tokens": 4096}}.items()}
FILL_PROMPT = 1000
# An idle model gives what it needed for prompts back after a second.
IDLE_SECONDS = 1.5
# Twenty models, a budget of five.
SHARED, FIT, SHARED_CACHE_TOKENS = 20, 5, 2048
SHARED_SETTINGS = {"cache_tokens": SHARED_CACHE_TOKENS, "preload": False}
SHARED_REQUESTS, SHARED_RATE, SHARED_PROMPT, SHARED_TOKENS = 400, 4.0, 64, (8, 64)
SWAPS, SWAP_TOKENS = 20, 2


def counted_mib(daemon):
    return daemon.metrics()["assay_model_memory_bytes"] / MIB


def resident_mib(daemon):
    return daemon.state()[0]


def counted_against_taken(args):
    """Loads a dozen models one by one, fills their caches, and compares the sum of what is counted with the process's growth."""
    prompts = Prompts(args.seed)
    models = [model_entry(args, model, preload=False, **settings) for model, settings in RESIDENT.items()]
    with Daemon(args.bin / "assayd", models, args.threads) as daemon, \
            Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc:
        # The first model brings in the libraries, too: it is not counted.
        first, *others = RESIDENT
        grpc.play_all_ok([stream_of(first, prompts.of_tokens(FILL_PROMPT), 1)])
        time.sleep(IDLE_SECONDS)
        rows, before = [], (counted_mib(daemon), resident_mib(daemon))
        for model in others:
            fills = -(-RESIDENT[model]["cache_tokens"] // FILL_PROMPT)
            for _ in range(fills):
                grpc.play_all_ok([stream_of(model, prompts.of_tokens(FILL_PROMPT), 1)])
            time.sleep(IDLE_SECONDS)
            rows.append({"model": model, "counted_mib": counted_mib(daemon) - before[0], "taken_mib": resident_mib(daemon) - before[1]})
    last = rows[-1]
    return {"rows": rows, "models": len(RESIDENT), "ratio": last["counted_mib"] / last["taken_mib"]}


def one_model_mib(args):
    with Daemon(args.bin / "assayd", [model_entry(args, "m", cache_tokens=SHARED_CACHE_TOKENS)], args.threads) as daemon:
        return counted_mib(daemon)


def swaps(args, model_mib):
    """Two models by turns where one has room: the first token of a model that must be swapped in, beside one that is there."""
    prompts = Prompts(args.seed)
    models = [model_entry(args, model, **SHARED_SETTINGS) for model in ("a", "b")]
    with Daemon(args.bin / "assayd", models, args.threads, memory_budget=round(1.5 * model_mib * MIB)) as daemon, \
            Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc:
        there, swapped = [], []
        for turn in range(SWAPS):
            for into in (swapped, there):
                played = grpc.play_all_ok([stream_of("ab"[turn % 2], prompts.of_tokens(SHARED_PROMPT), SWAP_TOKENS)])
                into.append(measures.first_token_seconds(played["outcomes"][0]))
        # The first two are no swaps: nothing had to go, and the process was cold.
        cost = [1000 * (a - b) for a, b in zip(swapped[2:], there[2:])]
        evictions = daemon.metrics('assay_model_unloads_total{', 'cause="evicted"')
    return {"swaps": len(cost), "evictions": evictions, "first_token_ms": measures.milliseconds(swapped[2:]),
            "first_token_there_ms": measures.milliseconds(there[2:]), "cost_ms": statistics.median(cost), "cost_most_ms": max(cost)}


def time_sharing(args, model_mib):
    """Requests to twenty models by chance, under a budget for five."""
    chance, prompts = random.Random(args.seed), Prompts(args.seed)
    names = [f"m{i}" for i in range(SHARED)]
    models = [model_entry(args, name, **SHARED_SETTINGS) for name in names]
    plan, at = [], 0.0
    for _ in range(SHARED_REQUESTS):
        at += chance.expovariate(SHARED_RATE)
        plan.append(stream_of(chance.choice(names), prompts.of_tokens(SHARED_PROMPT), chance.randint(*SHARED_TOKENS), at))
    # A load is admitted by an estimate that is a little above what it takes in the end.
    budget = round((FIT + 0.3) * model_mib * MIB)
    with Daemon(args.bin / "assayd", models, args.threads, memory_budget=budget, residency={"least_residency": "1s"}) as daemon, \
            Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc:
        start = time.monotonic()
        played = grpc.play(plan)
        seconds = time.monotonic() - start
        found = {"loads": daemon.metrics("assay_model_loads_total{", 'result="succeeded"'),
                 "evictions": daemon.metrics("assay_model_unloads_total{", 'cause="evicted"'),
                 "counted_mib": counted_mib(daemon), "budget_mib": budget / MIB}
        status = daemon.stop()
    failures = [f"{one['code']}: {one['message']}" for one in played["outcomes"] if one["code"] != "OK"]
    answered = [one for one in played["outcomes"] if one["deltas"]]
    return {"models": SHARED, "fit": FIT, "requests": len(plan), "rate": SHARED_RATE, "seconds": seconds, "failures": len(failures),
            "first_failures": failures[:5], "first_token_ms": measures.milliseconds([measures.first_token_seconds(one) for one in answered]),
            "daemon_exit_status": status, **found}


def residency(args):
    model_mib = one_model_mib(args)
    return {"model_mib": model_mib, "swap": swaps(args, model_mib), "sharing": time_sharing(args, model_mib),
            "counted": counted_against_taken(args)}
