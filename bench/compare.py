"""Measures Assay and its peers on the same work in one run; writes docs/benchmarks/README.md and a chart.

    python bench/compare.py --bench build/release/bin/assay-bench --model m.gguf --out docs/benchmarks

Each takes its turn in a process of its own, several rounds; the table has the median of all repeats, and the ratios round by round.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys

from machine import processor

PEERS = ("llama.cpp", "openvino-genai")
# Name, title, unit, whether more is better.
ROWS = [
    ("decode1", "Decode, 1 stream", "tokens/s", True),
    ("decode4", "Decode, 4 streams together", "tokens/s", True),
    ("decode16", "Decode, 16 streams together", "tokens/s", True),
    ("prefill32", "Prefill of 32 tokens", "tokens/s", True),
    ("prefill256", "Prefill of 256 tokens", "tokens/s", True),
    ("prefill1000", "Prefill of 1000 tokens", "tokens/s", True),
    ("rewrite1_plain", "Rewriting a text, 1 stream", "tokens/s", True),
    ("rewrite1", "The same with guesses from the text", "tokens/s", True),
    ("load_s", "First load of a process", "s", False),
    ("reload_s", "Load after an unload", "s", False),
    ("loaded_mib", "Memory after loading, context 2048", "MiB", False),
    ("filled_mib", "Memory with 2000 tokens in the cache", "MiB", False),
    ("first_token_ms", "First token after 1000 tokens", "ms", False),
    ("first_token_cached_ms", "The same, the prompt read before", "ms", False),
]
REWRITE = pathlib.Path(__file__).with_name("rewrite.txt")
CHARTED = [name for name, _, unit, _ in ROWS if unit == "tokens/s"]


def run(command):
    print("+", " ".join(map(str, command)), file=sys.stderr, flush=True)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"compare: {command[0]} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(args):
    """{program: {measure: [the values of a round, ...]}}"""
    commands = {"assay": [args.bench, "--model", args.model, "--threads", args.threads, "--context", 2048,
                          "--repeats", args.repeats, "--rewrite", REWRITE]}
    for peer in PEERS:
        commands[peer] = [sys.executable, pathlib.Path(__file__).with_name("peers.py"), peer, "--model", args.model,
                          "--threads", args.threads, "--repeats", args.repeats, "--rewrite", REWRITE]
    if args.only:
        for command in commands.values():
            command += ["--only", args.only]
    values = {name: {} for name in commands}
    for turn in range(args.rounds):
        # Who comes first changes: a machine that grows warm disturbs all alike.
        for name in [*commands][turn % len(commands):] + [*commands][:turn % len(commands)]:
            for key, value in run(commands[name]).items():
                if isinstance(value, str):
                    continue
                values[name].setdefault(key, []).append(value if isinstance(value, list) else [value])
    return values


def median(rounds):
    return statistics.median(value for of in rounds for value in of)


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(ours, theirs):
    """The median of the rounds' ratios, and between which they lie."""
    ratios = [statistics.median(a) / statistics.median(b) for a, b in zip(ours, theirs, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def table(results):
    lines = ["| | " + " | ".join(["Assay", *PEERS, *(f"over {peer}" for peer in PEERS)]) + " |",
             "|---|" + "---:|" * (1 + 2 * len(PEERS))]
    for key, title, unit, _ in ROWS:
        if key not in results["assay"]:
            continue
        cells = [number(median(results[name][key])) if key in results[name] else "" for name in ("assay", *PEERS)]
        for peer in PEERS:
            cells.append(ratio(results["assay"][key], results[peer][key]) if key in results[peer] else "")
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
        places = [k + i * width for k in range(len(CHARTED))]
        axes.bar(places, [median(results[name][key]) if key in results[name] else 0 for key in CHARTED], width, label=name)
    axes.set_xticks([k + width for k in range(len(CHARTED))])
    titles = {key: title for key, title, _, _ in ROWS}
    axes.set_xticklabels([titles[key].replace(", ", ",\n").replace(" of ", "\nof ") for key in CHARTED], fontsize=8)
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
    parser.add_argument("--only", help="of decode1, prefill1000, reload, ...: what begins so; by commas")
    args = parser.parse_args()
    results = measure(args)
    args.out.mkdir(parents=True, exist_ok=True)
    chart(results, args.out / "speed.svg")
    (args.out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    text = f"""# Beside its peers

Made by `make bench` on {datetime.date.today()}: {processor()}, {args.threads} threads, {pathlib.Path(args.model).name}. All of it in one
run on the same machine, each program in {args.rounds} rounds by turns, {args.repeats} repeats each, warm. Figures are medians of all, ratios medians of the rounds'
(from the least to the greatest). Prompts are never repeated, but in the last line. Ratios below 1 are better for seconds and MiB, above 1 for
tokens/s. What a peer's interface does not offer is left empty. Every value: [results.json](results.json).

{table(results)}

![tokens/s](speed.svg)

The daemon through gRPC, with long prompts arriving and under a mixed load: [serving.md](serving.md). Behind the numbers:
[notes.md](notes.md).
"""
    (args.out / "README.md").write_text(text)
    print(table(results))


main()
