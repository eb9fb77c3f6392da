"""Measures more models than fit in memory: accounting, cost of a swap, and failures."""
import random
import statistics
import time

from serving import measures
from serving.daemon import Daemon
from serving.player import Player, greedy_stream
from serving.streams import model_entry
from serving.words import Prompts

MIB = 2**20
# Twelve models of 0.3 to 0.6 GiB: the same weights with different settings.
RESIDENT = {f"{name}-{i}": settings for i in range(4) for name, settings in {
    "float32": {"weights": "full", "dtype": "float32", "cache_tokens": 2048},
    "bfloat16": {"weights": "full", "dtype": "bfloat16", "cache_tokens": 2048},
    "cache": {"kv_cache": "float32", "cache_tokens": 4096}}.items()}
FILL_PROMPT = 1000
# An idle model frees its prompt buffers after one second.
IDLE_SECONDS = 1.5
# Twenty models share a budget for five.
SHARED, FIT, SHARED_CACHE_TOKENS = 20, 5, 2048
SHARED_SETTINGS = {"cache_tokens": SHARED_CACHE_TOKENS, "preload": False}
SHARED_REQUESTS, SHARED_RATE, SHARED_PROMPT, SHARED_TOKENS = 400, 4.0, 64, (8, 64)
SWAPS, SWAP_TOKENS = 20, 2


def counted_mib(daemon):
    return daemon.metrics()["assay_model_memory_bytes"] / MIB


def resident_mib(daemon):
    return daemon.state()[0]


def counted_and_used_memory(args):
    """Loads twelve models, fills their KV caches and compares counted and used memory."""
    prompts = Prompts(args.seed)
    models = [
        model_entry(args, model, preload=False, **settings) for model, settings in RESIDENT.items()]
    with Daemon(args.bin / "assayd", models, args.threads) as daemon, \
            Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc:
        # The first model is not counted, because it also loads the libraries.
        first, *others = RESIDENT
        grpc.play_all_ok([greedy_stream(first, prompts.with_tokens(FILL_PROMPT), 1)])
        time.sleep(IDLE_SECONDS)
        rows, before = [], (counted_mib(daemon), resident_mib(daemon))
        for model in others:
            fills = -(-RESIDENT[model]["cache_tokens"] // FILL_PROMPT)
            for _ in range(fills):
                grpc.play_all_ok([greedy_stream(model, prompts.with_tokens(FILL_PROMPT), 1)])
            time.sleep(IDLE_SECONDS)
            rows.append({"model": model, "counted_mib": counted_mib(daemon) - before[0],
                         "taken_mib": resident_mib(daemon) - before[1]})
    last = rows[-1]
    return {"rows": rows, "models": len(RESIDENT), "ratio": last["counted_mib"] / last["taken_mib"]}


def one_model_mib(args):
    with Daemon(args.bin / "assayd", [model_entry(args, "m", cache_tokens=SHARED_CACHE_TOKENS)],
                args.threads) as daemon:
        return counted_mib(daemon)


def swaps(args, model_mib):
    """Alternates between two models with memory for one; compares the first token of a model that
    must be loaded with that of a resident one."""
    prompts = Prompts(args.seed)
    models = [model_entry(args, model, **SHARED_SETTINGS) for model in ("a", "b")]
    with (Daemon(args.bin / "assayd", models, args.threads,
                 memory_budget=round(1.5 * model_mib * MIB)) as daemon,
          Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc):
        resident, swapped = [], []
        for turn in range(SWAPS):
            for series in (swapped, resident):
                played = grpc.play_all_ok([
                    greedy_stream("ab"[turn % 2], prompts.with_tokens(SHARED_PROMPT), SWAP_TOKENS)])
                series.append(measures.first_token_seconds(played["outcomes"][0]))
        # The first two are not swaps: nothing was evicted, and the process was cold.
        cost = [1000 * (a - b) for a, b in zip(swapped[2:], resident[2:])]
        evictions = daemon.metrics('assay_model_unloads_total{', 'cause="evicted"')
    return {"swaps": len(cost), "evictions": evictions,
            "first_token_ms": measures.milliseconds(swapped[2:]),
            "first_token_there_ms": measures.milliseconds(resident[2:]),
            "cost_ms": statistics.median(cost), "cost_most_ms": max(cost)}


def time_sharing(args, model_mib):
    """Sends random requests to twenty models under a budget for five."""
    chance, prompts = random.Random(args.seed), Prompts(args.seed)
    names = [f"m{i}" for i in range(SHARED)]
    models = [model_entry(args, name, **SHARED_SETTINGS) for name in names]
    plan, at = [], 0.0
    for _ in range(SHARED_REQUESTS):
        at += chance.expovariate(SHARED_RATE)
        plan.append(greedy_stream(chance.choice(names), prompts.with_tokens(SHARED_PROMPT),
                                  chance.randint(*SHARED_TOKENS), at))
    # A load is admitted by an estimate that is slightly above its actual size.
    budget = round((FIT + 0.3) * model_mib * MIB)
    with (Daemon(args.bin / "assayd", models, args.threads, memory_budget=budget,
                 residency={"least_residency": "1s"}) as daemon,
          Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc):
        start = time.monotonic()
        played = grpc.play(plan)
        seconds = time.monotonic() - start
        found = {"loads": daemon.metrics("assay_model_loads_total{", 'result="succeeded"'),
                 "evictions": daemon.metrics("assay_model_unloads_total{", 'cause="evicted"'),
                 "counted_mib": counted_mib(daemon), "budget_mib": budget / MIB}
        status = daemon.stop()
    failures = [
        f"{one['code']}: {one['message']}" for one in played["outcomes"] if one["code"] != "OK"]
    answered = [one for one in played["outcomes"] if one["deltas"]]
    return {"models": SHARED, "fit": FIT, "requests": len(plan), "rate": SHARED_RATE,
            "seconds": seconds, "failures": len(failures), "first_failures": failures[:5],
            "first_token_ms": measures.milliseconds(
                [measures.first_token_seconds(one) for one in answered]),
            "daemon_exit_status": status, **found}


def residency(args):
    model_mib = one_model_mib(args)
    return {"model_mib": model_mib, "swap": swaps(args, model_mib),
            "sharing": time_sharing(args, model_mib), "counted": counted_and_used_memory(args)}
