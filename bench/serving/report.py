"""Formats the measurements of serve.py as Markdown."""
import statistics
import textwrap

COLUMNS = 100


def number(value, places=0):
    return "" if value is None else f"{value:.{places}f}"


def wrapped(text):
    return textwrap.fill(text, COLUMNS, break_on_hyphens=False)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def through_grpc(found):
    rows = []
    for count, one in found.items():
        local, grpc = statistics.median(one["local"]), statistics.median(one["grpc"])
        rows.append([f"{count}", number(local), number(grpc), number(one["ratio"], 3),
                     f"{statistics.median(one['client_cpu_share']):.1%}",
                     number(one["different_texts"])])
    head = ["Streams", "In-process, tokens/s", "gRPC, tokens/s", "Ratio",
            "Client CPU", "Texts that differ"]
    return f"""## Through gRPC

Tokens/s of all streams together, from the last first token to the end of the first stream. The
prompts have 64 tokens and are the same for both; runs alternate. Values are medians. The ratio of
gRPC to in-process is the median over pairs of runs. The client runs on the same cores; its CPU time
is a share of one core.

{table(head, rows)}
"""


def long_prompt_arrives(found):
    latencies, ratios = [], []
    for name, one in found.items():
        latencies.append([name, *(number(one[when][key], 1) for key in ("p50", "p90", "max")
                                  for when in ("alone", "beside"))])
        ratios.append([name, number(one["ratio"]["p50"], 2), number(one["ratio"]["p90"], 2),
                       *(number(1000 * statistics.median(one[f"first_token_{when}_s"]))
                         for when in ("alone", "beside"))])
    tokens = max(one["long_prompt_tokens"] for one in found.values())
    return f"""## While a long prompt arrives

Inter-token latency, in ms, of streams alone and while a prompt of {tokens} tokens is prefilled:

{table(["Streams", "p50 alone", "p50 beside", "p90 alone", "p90 beside", "max alone", "max beside"],
       latencies)}

The ratio of the latencies (beside to alone), and the time to first token of the prompt:

{table(["Streams", "p50 ratio", "p90 ratio", "TTFT alone, ms", "TTFT beside streams, ms"], ratios)}
"""


def side_by_side(found):
    rows = []
    for name, of in found.items():
        for model, one in of.items():
            middle = {key: statistics.median(one[key])
                      for key in ("alone", "beside", "least_stream", "most_stream")}
            streams = "1 stream" if one["streams"] == 1 else f"{one['streams']} streams"
            rows.append([f"{name}: model {model}, {streams}",
                         *(number(middle[key]) for key in ("alone", "beside")),
                         f"{one['share']:.0%}",
                         *(number(middle[key]) for key in ("least_stream", "most_stream"))])
    head = ["", "Alone, tokens/s", "Together", "Share of the speed alone", "Slowest stream",
            "Fastest stream"]
    return f"""## Models side by side

Two models share the same cores; they alternate step by step.

{table(head, rows)}
"""


def mixed_load(found):
    first, between, memory = found["first_token_ms"], found["between_tokens_ms"], found["memory"]
    codes = ", ".join(f"{count} {code}" for code, count in sorted(found["codes"].items()))
    half = memory.get("mib_per_hour_second_half")
    rows = [["Requests", f"{found['requests']}: {codes}"],
            ["Unexpected failures (not cancelled, deadline long enough)",
             f"{found['unasked_failures']}"],
            ["Requests still running after all clients finished",
             f"{found['requests_left_running']}"],
            ["Repeated requests; texts that differ from the same request alone",
             f"{found['probes']}; {found['different_texts']}"],
            ["Requests running: p50, max",
             f"{found['running']['p50']:.0f}, {found['running']['max']}"],
            ["Requests waiting: p50, max",
             f"{found['waiting']['p50']:.0f}, {found['waiting']['max']}"],
            ["Tokens/s generated", number(found["tokens_per_second"])],
            ["TTFT, ms: p50, p90, p99",
             ", ".join(number(first[key]) for key in ("p50", "p90", "p99"))],
            ["Inter-token latency, ms: p50, p90, p99",
             ", ".join(number(between[key], 1) for key in ("p50", "p90", "p99"))],
            ["Resident memory, MiB: first, last, max",
             ", ".join(number(memory[f"{key}_mib"]) for key in ("first", "last", "most"))],
            ["Slope over the second half, MiB per hour", number(half, 1)],
            ["Prompt tokens; cached prompt tokens",
             f"{found['prompt_tokens']}; {found['cached_prompt_tokens']}"],
            ["The daemon's exit status after SIGTERM", f"{found['daemon_exit_status']}"]]
    by_model = [[model, *(number(of["first_token_ms"][key]) for key in ("p50", "p90", "p99")),
                 *(number(of["between_tokens_ms"][key], 1) for key in ("p50", "p90", "p99"))]
                for model, of in found["models"].items()]
    text = (f"{found['minutes']:g} minutes of requests to five models, which are the same file: as "
            "stored; with an fp32 KV cache; with int8 weights and an int8 KV cache; with int4 "
            "weights; and with a KV cache of 2,048 tokens. Requests arrive at random, "
            f"{found['rate']:g} per second: plain, raw and chat, unary and streaming, greedy and "
            "sampled, 10 to 1,600 prompt tokens, 16 to 256 new tokens. A tenth is cancelled, a "
            "twentieth has a deadline that is too short.")
    return f"""## Mixed load

{wrapped(text)}

{table(["", ""], rows)}

{table(["Model", "TTFT, ms: p50", "p90", "p99", "Inter-token, ms: p50", "p90", "p99"], by_model)}
"""


def residency(found):
    swap, sharing, counted = found["swap"], found["sharing"], found["counted"]
    ttft = ", ".join(number(sharing["first_token_ms"][key]) for key in ("p50", "p90", "p99", "max"))
    rows = [["Requests; failures", f"{sharing['requests']}; {sharing['failures']}"],
            ["Loads; evictions", f"{number(sharing['loads'])}; {number(sharing['evictions'])}"],
            ["TTFT, ms: p50, p90, p99, max", ttft],
            ["Counted at the end and budget, MiB",
             f"{number(sharing['counted_mib'])}, {number(sharing['budget_mib'])}"],
            ["The daemon's exit status after SIGTERM", f"{sharing['daemon_exit_status']}"]]
    by_model = [[row["model"], number(row["counted_mib"]), number(row["taken_mib"]),
                 number(row["counted_mib"] / row["taken_mib"], 3)] for row in counted["rows"]]
    budget = (f"{sharing['models']} models of {found['model_mib']:.0f} MiB share a budget for "
              f"{sharing['fit']}. Random requests to all of them arrive at {sharing['rate']:g} per "
              "second:")
    swaps = (f"Two models alternate with memory for one ({swap['swaps']} swaps). A swap delays the "
             f"first token by {number(swap['cost_ms'])} ms (median; max "
             f"{number(swap['cost_most_ms'])} ms): {number(swap['first_token_ms']['p50'])} ms "
             f"instead of {number(swap['first_token_there_ms']['p50'])} ms from a resident model.")
    memory = (f"{counted['models']} models are resident with full KV caches. The table compares "
              "the memory counted for them with the growth of the process since the first model, "
              "cumulatively:")
    return f"""## More models than memory

{wrapped(budget)}

{table(["", ""], rows)}

{wrapped(swaps)}

{wrapped(memory)}

{table(["Up to model", "Counted, MiB", "Used, MiB", "Counted / used"], by_model)}
"""


SECTIONS = {"grpc": through_grpc, "arrival": long_prompt_arrives, "shares": side_by_side,
            "mixed": mixed_load, "residency": residency}
TITLES = {"grpc": "Through gRPC", "arrival": "While a long prompt arrives",
          "shares": "Models side by side", "mixed": "Mixed load",
          "residency": "More models than memory"}


def section(name, found):
    if "not_measured" in found:
        return f"## {TITLES[name]}\n\n{wrapped('Not measured: ' + found['not_measured'])}.\n"
    return SECTIONS[name](found)


def markdown(found, title_facts):
    parts = [section(name, found[name]) for name in SECTIONS if name in found]
    return f"# The daemon under load\n\n{wrapped(title_facts)}\n\n" + "\n".join(parts)
