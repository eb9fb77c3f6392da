"""Benchmarks Assay and its peers on the same workload in one run and writes a report with a chart.

Usage: compare.py --bench build/release/bin/assay-bench --model m.gguf --out docs/benchmarks

Writes README.md, results.json and speed.svg to --out. In every round each program runs once, in its
own process. The table contains the median of all repeats and the ratios per round.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import textwrap

from machine import processor

PEERS = ("llama.cpp", "openvino-genai")
# Name, title, unit, True if more is better.
ROWS = [
    ("decode1", "Decode, 1 stream", "tokens/s", True),
    ("decode4", "Decode, 4 concurrent streams", "tokens/s", True),
    ("decode16", "Decode, 16 concurrent streams", "tokens/s", True),
    ("prefill32", "Prefill of 32 tokens", "tokens/s", True),
    ("prefill256", "Prefill of 256 tokens", "tokens/s", True),
    ("prefill1000", "Prefill of 1000 tokens", "tokens/s", True),
    ("rewrite1_plain", "Rewriting a text, 1 stream", "tokens/s", True),
    ("rewrite1", "The same with prompt lookup", "tokens/s", True),
    ("load_s", "First load of a process", "s", False),
    ("reload_s", "Load after an unload", "s", False),
    ("loaded_mib", "Memory after loading", "MiB", False),
    ("filled_mib", "Memory, 2000 tokens cached", "MiB", False),
    ("first_token_ms", "First token after 1000 tokens", "ms", False),
    ("first_token_cached_ms", "The same with the prompt in the prefix cache", "ms", False),
]
REWRITE = pathlib.Path(__file__).with_name("rewrite.txt")
CHART_METRICS = [name for name, _, unit, _ in ROWS if unit == "tokens/s"]


def run(command):
    print("+", " ".join(map(str, command)), file=sys.stderr, flush=True)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"compare: {command[0]} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(args):
    """Returns {program: {metric: [values of round 1, values of round 2, ...]}}."""
    commands = {"assay": [args.bench, "--model", args.model, "--threads", args.threads, "--context",
                          2048, "--repeats", args.repeats, "--rewrite", REWRITE]}
    for peer in PEERS:
        commands[peer] = [sys.executable, pathlib.Path(__file__).with_name("peers.py"), peer,
                          "--model", args.model, "--threads", args.threads, "--repeats",
                          args.repeats, "--rewrite", REWRITE]
    if args.only:
        for command in commands.values():
            command += ["--only", args.only]
    values = {name: {} for name in commands}
    for round_index in range(args.rounds):
        # The order rotates, so that a machine that heats up affects all programs equally.
        first = round_index % len(commands)
        for name in [*commands][first:] + [*commands][:first]:
            for key, value in run(commands[name]).items():
                if isinstance(value, str):
                    continue
                values[name].setdefault(key, []).append(
                    value if isinstance(value, list) else [value])
    return values


def measured(rounds):
    """Returns the numbers of each round without the words of bin/assay-bench ("no tokens")."""
    return [[value for value in values if not isinstance(value, str)] for values in rounds]


def median(rounds):
    """Returns the median of all numbers, or None if there are none."""
    return statistics.median(
        [value for values in measured(rounds) for value in values] or [None])


def cell(rounds):
    """Returns the median, and in words how many repeats measured nothing and why."""
    values = [value for values in rounds for value in values]
    words = [value for value in values if isinstance(value, str)]
    failed = ", ".join(f"{words.count(word)} of {len(values)} repeats: {word}"
                       for word in sorted(set(words)))
    if len(words) == len(values):
        return words[0] if len(set(words)) == 1 else failed
    return number(median(rounds)) + (f" ({failed})" if failed else "")


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(ours, theirs):
    """Returns the median of the ratios per round, with their minimum and maximum."""
    ratios = [statistics.median(a) / statistics.median(b)
              for a, b in zip(measured(ours), measured(theirs), strict=True) if a and b]
    if not ratios:
        return ""
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def table(results):
    lines = ["| | " + " | ".join(["Assay", *PEERS, *(f"over {peer}" for peer in PEERS)]) + " |",
             "|---|" + "---:|" * (1 + 2 * len(PEERS))]
    for key, title, unit, _ in ROWS:
        if key not in results["assay"]:
            continue
        cells = [cell(results[name][key]) if key in results[name] else ""
                 for name in ("assay", *PEERS)]
        for peer in PEERS:
            cells.append(
                ratio(results["assay"][key], results[peer][key]) if key in results[peer] else "")
        lines.append(f"| {title}, {unit} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def chart(results, path):
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(9, 4))
    names = ("assay", *PEERS)
    width = 0.8 / len(names)
    for i, name in enumerate(names):
        positions = [k + i * width for k in range(len(CHART_METRICS))]
        axes.bar(positions,
                 [median(results[name].get(key, [])) or 0 for key in CHART_METRICS], width,
                 label=name)
    axes.set_xticks([k + width for k in range(len(CHART_METRICS))])
    titles = {key: title for key, title, _, _ in ROWS}
    axes.set_xticklabels(
        [titles[key].replace(", ", ",\n").replace(" of ", "\nof ") for key in CHART_METRICS],
        fontsize=8)
    axes.set_ylabel("tokens/s")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only",
                        help="run only metrics whose name starts with one of these prefixes, "
                             "separated by commas: decode1, prefill1000, reload, ...")
    args = parser.parse_args()
    results = measure(args)
    args.out.mkdir(parents=True, exist_ok=True)
    chart(results, args.out / "speed.svg")
    (args.out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    model = pathlib.Path(args.model).name
    about = (f"Generated by `make bench` on {datetime.date.today()}: {processor()}, {args.threads} "
             f"threads, {model}. All programs ran in one run on the same machine, alternating for "
             f"{args.rounds} rounds of {args.repeats} warm repeats. Values are medians over all "
             "repeats. Ratios are medians over the rounds (minimum to maximum).")
    text = f"""# Comparison with peers

{textwrap.fill(about, 100, break_on_hyphens=False)}

A ratio below 1 is better for seconds, ms and MiB; above 1 is better for tokens/s. Prompts are never
repeated, except in the last row. A cell is empty if the peer's interface does not offer the
measurement. The context length is 2048. All values are in [results.json](results.json).

{table(results)}

![tokens/s](speed.svg)

[serving.md](serving.md) measures the daemon through gRPC, with long prompts and under a mixed load.
[notes.md](notes.md) explains the numbers.
"""
    (args.out / "README.md").write_text(text)
    print(table(results))


if __name__ == "__main__":
    main()
