"""Measures streams: through gRPC and in-process, during a long prefill, and in two models."""
import statistics

from serving import measures
from serving.daemon import Daemon
from serving.player import Player, greedy_stream
from serving.words import Prompts

CONTEXT = 2048
# The same values as in bench/engine_bench.cc.
STREAM_PROMPT, STREAM_TOKENS, STREAMS = 64, 384, (1, 4, 16)
WARM_UP_TOKENS = 32
LONG_PROMPT, LONG_TOKENS = 1950, 8
# The streams are long enough to decode until the long prompt is prefilled. It arrives after they
# have decoded alone for a while.
BESIDE_TOKENS, ARRIVAL_SECONDS = 1800, 1.0
# The number of streams of model a, and the model of the long prompt.
ARRIVALS = {"1 stream": (1, "a"), "4 streams": (4, "a"),
            "1 stream, the prompt for another model": (1, "b")}
# The start of the streams is excluded from the time alone.
SETTLE_SECONDS = 0.2
MIN_GAPS = 5
# Speculative decoding would make the speed depend on the generated text.
NO_DRAFTS = {"draft_tokens": 0}


def model_entry(args, model_id, **settings):
    return {"id": model_id, "source": {"file": str(args.model)}, "context_length": CONTEXT,
            **settings}


def through_grpc(args):
    """Measures tokens/s of streams with the same prompts through gRPC and in-process."""
    prompts = Prompts(args.seed)
    found = {count: {"grpc": [], "local": [], "client_cpu_share": [], "different_texts": 0}
             for count in STREAMS}
    local_command = [args.bin / "assay-local-bench", "--model", args.model, "--threads",
                     args.threads, "--context", CONTEXT]
    with (Daemon(args.bin / "assayd", [model_entry(args, "m", **NO_DRAFTS)],
                 args.threads) as daemon,
          Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc,
          Player(*local_command) as local):
        for player in (grpc, local):
            player.play_all_ok(
                [greedy_stream("m", prompts.with_tokens(STREAM_PROMPT), WARM_UP_TOKENS)])
        for repeat in range(args.repeats):
            for count, series in found.items():
                plan = [greedy_stream("m", prompts.with_tokens(STREAM_PROMPT), STREAM_TOKENS)
                        for _ in range(count)]
                order = [("grpc", grpc), ("local", local)]
                played = {name: player.play_all_ok(plan)
                          for name, player in (order if repeat % 2 == 0 else order[::-1])}
                for name, one in played.items():
                    window = measures.decoding_window(one["outcomes"])
                    series[name].append(measures.tokens_per_second(one["outcomes"], window))
                series["client_cpu_share"].append(
                    played["grpc"]["cpu_s"] / played["grpc"]["wall_s"])
                texts = [
                    [outcome["text"] for outcome in one["outcomes"]] for one in played.values()]
                series["different_texts"] += sum(a != b for a, b in zip(*texts))
    for series in found.values():
        series["ratio"] = statistics.median(
            grpc / local for grpc, local in zip(series["grpc"], series["local"]))
    return found


def long_prompt_arrives(args):
    """Measures the inter-token latency of streams alone and during the prefill of a long prompt."""
    prompts = Prompts(args.seed)
    found = {name: {"alone": [], "beside": [], "first_token_alone_s": [],
                    "first_token_beside_s": []} for name in ARRIVALS}
    models = [
        model_entry(args, model, cache_tokens=8 * CONTEXT, **NO_DRAFTS) for model in ("a", "b")]
    # Each token is sent in its own message, because the gaps are measured.
    with Daemon(args.bin / "assayd", models, args.threads, {"stream_interval": "0s"}) as daemon, \
            Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc:
        grpc.play_all_ok([greedy_stream(model, prompts.with_tokens(LONG_PROMPT), WARM_UP_TOKENS)
                          for model in ("a", "b")])
        for _ in range(args.repeats):
            for name, (count, model) in ARRIVALS.items():
                add_arrival(grpc, prompts, count, model, found[name])
    for name, series in found.items():
        if min(len(series["alone"]), len(series["beside"])) < MIN_GAPS:
            raise RuntimeError(f"{name}: the streams ended before the long prompt was prefilled; "
                               "there is nothing to compare")
        series["alone"], series["beside"] = (measures.milliseconds(series["alone"]),
                                             measures.milliseconds(series["beside"]))
        series["ratio"] = {
            key: series["beside"][key] / series["alone"][key] for key in ("p50", "p90")}
    return found


def add_arrival(grpc, prompts, count, model, series):
    """Runs `count` streams of model a while a long prompt for `model` arrives."""
    alone = grpc.play_all_ok([greedy_stream(model, prompts.with_tokens(LONG_PROMPT), LONG_TOKENS)])[
        "outcomes"][0]
    series["first_token_alone_s"].append(measures.first_token_seconds(alone))
    plan = [
        greedy_stream("a", prompts.with_tokens(STREAM_PROMPT), BESIDE_TOKENS) for _ in range(count)]
    plan.append(
        greedy_stream(model, prompts.with_tokens(LONG_PROMPT), LONG_TOKENS, at=ARRIVAL_SECONDS))
    *streams, arrived = grpc.play_all_ok(plan)["outcomes"]
    series["first_token_beside_s"].append(measures.first_token_seconds(arrived))
    series["long_prompt_tokens"] = arrived["prompt_tokens"]
    settled = measures.decoding_window(streams)[0] + SETTLE_SECONDS
    for stream in streams:
        series["alone"] += measures.gaps(stream, settled, arrived["start"])
        series["beside"] += measures.gaps(stream, arrived["start"], arrived["deltas"][0][0])


def side_by_side(args):
    """Measures tokens/s of the streams of two models together and of each model alone."""
    prompts = Prompts(args.seed)
    cases = {"4 beside 4": {"a": 4, "b": 4}, "8 beside 1": {"a": 8, "b": 1}}
    found = {name: {
        model: {"alone": [], "beside": [], "least_stream": [], "most_stream": []} for model in of}
             for name, of in cases.items()}
    with (Daemon(args.bin / "assayd",
                 [model_entry(args, model, **NO_DRAFTS) for model in ("a", "b")],
                 args.threads) as daemon,
          Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc):

        def decode(counts):
            """Returns the tokens/s of each stream by model."""
            of = [model for model, count in counts.items() for _ in range(count)]
            plan = [greedy_stream(model, prompts.with_tokens(STREAM_PROMPT), STREAM_TOKENS)
                    for model in of]
            outcomes = grpc.play_all_ok(plan)["outcomes"]
            window = measures.decoding_window(outcomes)
            return {model: [measures.tokens_per_second([outcome], window)
                            for m, outcome in zip(of, outcomes) if m == model] for model in counts}

        decode({"a": 1, "b": 1})
        for _ in range(args.repeats):
            for name, counts in cases.items():
                together = decode(counts)
                for model, series in found[name].items():
                    series["alone"].append(sum(decode({model: counts[model]})[model]))
                    series["beside"].append(sum(together[model]))
                    series["least_stream"].append(min(together[model]))
                    series["most_stream"].append(max(together[model]))
    for name, of in found.items():
        for model, series in of.items():
            series["streams"] = cases[name][model]
            series["share"] = statistics.median(series["beside"]) / statistics.median(
                series["alone"])
    return found
