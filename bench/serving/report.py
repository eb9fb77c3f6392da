"""The Markdown of what was measured."""
import statistics


def number(value, places=0):
    return "" if value is None else f"{value:.{places}f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def through_grpc(found):
    rows = []
    for count, one in found.items():
        local, grpc = statistics.median(one["local"]), statistics.median(one["grpc"])
        rows.append([f"{count}", number(local), number(grpc), number(one["ratio"], 3),
                     f"{statistics.median(one['client_cpu_share']):.1%}", number(one["different_texts"])])
    head = ["Streams", "In-process, tokens/s", "gRPC, tokens/s", "gRPC / in-process", "Client's CPU, of one core", "Texts that differ"]
    return f"""## Through gRPC

Tokens/s of streams together, from the moment that all write to the end of the first, prompts of 64 tokens, by turns with the same prompts;
medians, the ratio's over pairs. The client runs on the same cores.

{table(head, rows)}
"""


def long_prompt_arrives(found):
    rows = []
    for name, one in found.items():
        rows.append([name, *(number(one[when][key], 1) for key in ("p50", "p90", "max") for when in ("alone", "beside")),
                     number(one["ratio"]["p50"], 2), number(one["ratio"]["p90"], 2),
                     *(number(1000 * statistics.median(one[f"first_token_{when}_s"])) for when in ("alone", "beside"))])
    head = ["Writing", "p50 alone, ms", "p50 beside", "p90 alone", "p90 beside", "longest alone", "longest beside", "Ratio of p50",
            "Ratio of p90", "First token of the prompt alone, ms", "Beside the streams"]
    tokens = max(one["long_prompt_tokens"] for one in found.values())
    return f"""## While a long prompt arrives

Time between two pieces of text of streams that write alone, and while a prompt of {tokens} tokens is read beside them.

{table(head, rows)}
"""


def side_by_side(found):
    rows = []
    for name, of in found.items():
        for model, one in of.items():
            middle = {key: statistics.median(one[key]) for key in ("alone", "beside", "least_stream", "most_stream")}
            rows.append([f"{name}: model {model}, {one['streams']} streams", *(number(middle[key]) for key in ("alone", "beside")),
                         f"{one['share']:.0%}", *(number(middle[key]) for key in ("least_stream", "most_stream"))])
    head = ["", "Alone, tokens/s", "Together", "Share of its speed alone", "Its slowest stream", "Its fastest stream"]
    return f"""## Models side by side

Two models on the same cores; they take turns step by step.

{table(head, rows)}
"""


def mixed_load(found):
    first, between, memory = found["first_token_ms"], found["between_tokens_ms"], found["memory"]
    codes = ", ".join(f"{count} {code}" for code, count in sorted(found["codes"].items()))
    half = memory.get("mib_per_hour_second_half")
    rows = [["Requests", f"{found['requests']}: {codes}"],
            ["Failures that were not asked for (cancelled, given too little time)", f"{found['unasked_failures']}"],
            ["Requests still running after the last client's end", f"{found['requests_left_running']}"],
            ["Repeated requests; texts that differ from the same request alone", f"{found['probes']}; {found['different_texts']}"],
            ["Requests running: p50, most", f"{found['running']['p50']:.0f}, {found['running']['max']}"],
            ["Requests waiting: p50, most", f"{found['waiting']['p50']:.0f}, {found['waiting']['max']}"],
            ["Tokens/s written", number(found["tokens_per_second"])],
            ["First token, ms: p50, p90, p99", ", ".join(number(first[key]) for key in ("p50", "p90", "p99"))],
            ["Between pieces of text, ms: p50, p90, p99", ", ".join(number(between[key], 1) for key in ("p50", "p90", "p99"))],
            ["Resident memory, MiB: first, last, most", ", ".join(number(memory[f"{key}_mib"]) for key in ("first", "last", "most"))],
            ["Its slope over the second half, MiB an hour", number(half, 1)],
            ["Prompt tokens; of them cached", f"{found['prompt_tokens']}; {found['cached_prompt_tokens']}"],
            ["The daemon's exit status after SIGTERM", f"{found['daemon_exit_status']}"]]
    by_model = [[model, *(number(of["first_token_ms"][key]) for key in ("p50", "p90", "p99")),
                 *(number(of["between_tokens_ms"][key], 1) for key in ("p50", "p90", "p99"))] for model, of in found["models"].items()]
    return f"""## Mixed load

{found['minutes']:g} minutes of requests to five models (the same file as stored, with keys and values in fp32, in 8 and in 4 bits, and with a cache
of 2,048 tokens), arriving by chance at {found['rate']:g} a second: plain, raw and chat, unary and streams, greedy and drawn, 10 to 1,600 prompt
tokens, 16 to 256 new ones, a tenth cancelled midway, a twentieth with too little time.

{table(["", ""], rows)}

{table(["Streams to", "First token, ms: p50", "p90", "p99", "Between pieces, ms: p50", "p90", "p99"], by_model)}
"""


def residency(found):
    swap, sharing, counted = found["swap"], found["sharing"], found["counted"]
    percentiles = lambda of: ", ".join(number(of[key]) for key in ("p50", "p90", "p99", "max"))
    rows = [["Requests; failures", f"{sharing['requests']}; {sharing['failures']}"],
            ["Loads; evictions", f"{number(sharing['loads'])}; {number(sharing['evictions'])}"],
            ["First token, ms: p50, p90, p99, most", percentiles(sharing["first_token_ms"])],
            ["Counted at the end, of a budget of, MiB", f"{number(sharing['counted_mib'])}, {number(sharing['budget_mib'])}"],
            ["The daemon's exit status after SIGTERM", f"{sharing['daemon_exit_status']}"]]
    by_model = [[row["model"], number(row["counted_mib"]), number(row["taken_mib"]), number(row["counted_mib"] / row["taken_mib"], 3)]
                for row in counted["rows"]]
    return f"""## More models than memory

{sharing['models']} models of {found['model_mib']:.0f} MiB under a budget for {sharing['fit']}, requests by chance at {sharing['rate']:g} a second to all of them:

{table(["", ""], rows)}

A swap, two models by turns where one has room ({swap['swaps']} swaps): the first token comes {number(swap['cost_ms'])} ms later (median; most
{number(swap['cost_most_ms'])} ms) than from a model that is there, {number(swap['first_token_ms']['p50'])} against {number(swap['first_token_there_ms']['p50'])} ms.

{counted['models']} models resident at once, their caches filled; what is counted of them against what the process grew by since the first one, added up:

{table(["Up to model", "Counted, MiB", "Taken, MiB", "Counted / taken"], by_model)}
"""


SECTIONS = {"grpc": through_grpc, "arrival": long_prompt_arrives, "shares": side_by_side, "mixed": mixed_load, "residency": residency}


def markdown(found, title_facts):
    parts = [SECTIONS[name](found[name]) for name in SECTIONS if name in found]
    return f"# The daemon under load\n\n{title_facts}\n\n" + "\n".join(parts)
