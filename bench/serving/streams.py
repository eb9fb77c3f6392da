"""A few streams under a stopwatch: through gRPC and without, while a long prompt arrives, and in models side by side."""
import statistics

from serving import measures
from serving.daemon import Daemon
from serving.player import Player, stream_of
from serving.words import Prompts

CONTEXT = 2048
# As in bench/engine_bench.cc.
STREAM_PROMPT, STREAM_TOKENS, STREAMS = 64, 384, (1, 4, 16)
WARM_UP_TOKENS = 32
LONG_PROMPT, LONG_TOKENS = 1950, 8
# Long enough to write until the long prompt is read; it comes when they have written alone for a while.
BESIDE_TOKENS, ARRIVAL_SECONDS = 1800, 1.0
# Streams that write in model a, and the model that the long prompt is for.
ARRIVALS = {"1 stream": (1, "a"), "4 streams": (4, "a"), "1 stream, the prompt for another model": (1, "b")}
# Of a stream's start beside others: not counted as writing alone.
SETTLE_SECONDS = 0.2
LEAST_GAPS = 5
# Guesses from the text would make speeds depend on what is written.
NO_DRAFTS = {"draft_tokens": 0}


def model_entry(args, model_id, **settings):
    return {"id": model_id, "source": {"file": str(args.model)}, "context_length": CONTEXT, **settings}


def through_grpc(args):
    """Tokens/s of streams through gRPC and in a process alone, by turns with the same prompts."""
    prompts = Prompts(args.seed)
    found = {count: {"grpc": [], "local": [], "client_cpu_share": [], "different_texts": 0} for count in STREAMS}
    local_command = [args.bin / "assay-local-bench", "--model", args.model, "--threads", args.threads, "--context", CONTEXT]
    with Daemon(args.bin / "assayd", [model_entry(args, "m", **NO_DRAFTS)], args.threads) as daemon, \
            Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc, Player(*local_command) as local:
        for player in (grpc, local):
            player.play_all_ok([stream_of("m", prompts.of_tokens(STREAM_PROMPT), WARM_UP_TOKENS)])
        for repeat in range(args.repeats):
            for count, into in found.items():
                plan = [stream_of("m", prompts.of_tokens(STREAM_PROMPT), STREAM_TOKENS) for _ in range(count)]
                turns = [("grpc", grpc), ("local", local)]
                played = {name: player.play_all_ok(plan) for name, player in (turns if repeat % 2 == 0 else turns[::-1])}
                for name, one in played.items():
                    window = measures.writing_window(one["outcomes"])
                    into[name].append(measures.tokens_per_second(one["outcomes"], window))
                into["client_cpu_share"].append(played["grpc"]["cpu_s"] / played["grpc"]["wall_s"])
                texts = [[outcome["text"] for outcome in one["outcomes"]] for one in played.values()]
                into["different_texts"] += sum(a != b for a, b in zip(*texts))
    for into in found.values():
        into["ratio"] = statistics.median(grpc / local for grpc, local in zip(into["grpc"], into["local"]))
    return found


def long_prompt_arrives(args):
    """The time between pieces of text of streams alone, and while a long prompt is read beside them."""
    prompts = Prompts(args.seed)
    found = {name: {"alone": [], "beside": [], "first_token_alone_s": [], "first_token_beside_s": []} for name in ARRIVALS}
    models = [model_entry(args, model, cache_tokens=8 * CONTEXT, **NO_DRAFTS) for model in ("a", "b")]
    # Every token by itself: it is their gaps that are measured.
    with Daemon(args.bin / "assayd", models, args.threads, {"stream_interval": "0s"}) as daemon, \
            Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc:
        grpc.play_all_ok([stream_of(model, prompts.of_tokens(LONG_PROMPT), WARM_UP_TOKENS) for model in ("a", "b")])
        for _ in range(args.repeats):
            for name, (count, model) in ARRIVALS.items():
                add_arrival(grpc, prompts, count, model, found[name])
    for name, into in found.items():
        if min(len(into["alone"]), len(into["beside"])) < LEAST_GAPS:
            raise RuntimeError(f"{name}: the texts ended before the long prompt was read: there is nothing to compare")
        into["alone"], into["beside"] = measures.milliseconds(into["alone"]), measures.milliseconds(into["beside"])
        into["ratio"] = {key: into["beside"][key] / into["alone"][key] for key in ("p50", "p90")}
    return found


def add_arrival(grpc, prompts, count, model, into):
    """`count` streams of model a write; a long prompt comes for `model`."""
    alone = grpc.play_all_ok([stream_of(model, prompts.of_tokens(LONG_PROMPT), LONG_TOKENS)])["outcomes"][0]
    into["first_token_alone_s"].append(measures.first_token_seconds(alone))
    plan = [stream_of("a", prompts.of_tokens(STREAM_PROMPT), BESIDE_TOKENS) for _ in range(count)]
    plan.append(stream_of(model, prompts.of_tokens(LONG_PROMPT), LONG_TOKENS, at=ARRIVAL_SECONDS))
    *streams, arrived = grpc.play_all_ok(plan)["outcomes"]
    into["first_token_beside_s"].append(measures.first_token_seconds(arrived))
    into["long_prompt_tokens"] = arrived["prompt_tokens"]
    settled = measures.writing_window(streams)[0] + SETTLE_SECONDS
    for stream in streams:
        into["alone"] += measures.gaps(stream, settled, arrived["start"])
        into["beside"] += measures.gaps(stream, arrived["start"], arrived["deltas"][0][0])


def side_by_side(args):
    """Tokens/s of the streams of two models together, and of each model alone."""
    prompts = Prompts(args.seed)
    cases = {"4 beside 4": {"a": 4, "b": 4}, "8 beside 1": {"a": 8, "b": 1}}
    found = {name: {model: {"alone": [], "beside": [], "least_stream": [], "most_stream": []} for model in of}
             for name, of in cases.items()}
    with Daemon(args.bin / "assayd", [model_entry(args, model, **NO_DRAFTS) for model in ("a", "b")], args.threads) as daemon, \
            Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc:

        def write(counts):
            """Outcomes by model."""
            of = [model for model, count in counts.items() for _ in range(count)]
            plan = [stream_of(model, prompts.of_tokens(STREAM_PROMPT), STREAM_TOKENS) for model in of]
            outcomes = grpc.play_all_ok(plan)["outcomes"]
            window = measures.writing_window(outcomes)
            return {model: [measures.tokens_per_second([outcome], window) for m, outcome in zip(of, outcomes) if m == model]
                    for model in counts}

        write({"a": 1, "b": 1})
        for _ in range(args.repeats):
            for name, counts in cases.items():
                together = write(counts)
                for model, into in found[name].items():
                    into["alone"].append(sum(write({model: counts[model]})[model]))
                    into["beside"].append(sum(together[model]))
                    into["least_stream"].append(min(together[model]))
                    into["most_stream"].append(max(together[model]))
    for name, of in found.items():
        for model, into in of.items():
            into["streams"] = cases[name][model]
            into["share"] = statistics.median(into["beside"]) / statistics.median(into["alone"])
    return found
