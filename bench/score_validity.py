"""Compares the scores of `assay score` with grades: rank correlations, each factor's part in them,
and the orders that a score must keep.

Usage: score_validity.py --bin build/release/bin --model reader.gguf --encoder var/models/all-minilm-l6-v2
       [--out docs/benchmarks/scores_NAME.md] [--name NAME]

The texts are tests/golden/scoring/graded_texts.jsonl, on which the limits of the factors were
chosen, and held_out_texts.jsonl, whose scores nobody had seen by then.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from scipy.stats import spearmanr

from serving.daemon import Daemon

ROOT = pathlib.Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests/golden/scoring"
SETS = {"graded": "graded_texts.jsonl", "held out": "held_out_texts.jsonl"}
FACTORS = ("facts", "topic", "fluency", "coherence")
# A text of these kinds is about its prompt's topic.
ON_TOPIC = ("excellent", "good", "plain", "middling", "truncated", "wrongfacts")
MAX_SALAD_SHARE = 0.4
CALL_SECONDS = 3600


def read_texts(path):
    """Returns the lines with their prompts, which the older set takes from the built-in prompts."""
    prompts = {}
    for line in (ROOT / "evaluator/plan/data/prompts.jsonl").read_text().splitlines():
        prompt = json.loads(line)
        prompts[prompt["id"]] = prompt
    texts = [json.loads(line) for line in path.read_text().splitlines()]
    for text in texts:
        built_in = prompts.get(text["prompt_id"], {})
        for key in ("prompt", "content_type"):
            text.setdefault(key, built_in.get(key))
    return texts


def score(args, address, texts):
    """Returns the score and the parts of each text."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for text in texts:
            line = {key: text[key] for key in ("text", "prompt", "content_type")}
            file.write(json.dumps({**line, "truncated": text["kind"] == "truncated"}) + "\n")
        file.flush()
        out = subprocess.run([args.bin / "assay", "--json", "--address", address, "--timeout",
                              str(CALL_SECONDS), "score", "--jsonl", file.name],
                             check=True, capture_output=True, text=True).stdout
    found = []
    for line in out.splitlines():
        one = json.loads(line)["scores"][0]
        parts = {part["name"]: part.get("value") for part in one["parts"]}
        found.append((one["overall"], parts, one["version"]))
    return found


def factor(parts, name):
    value = parts.get(f"gate/{name}")
    return 1 if value is None else value


def correlation(values, texts):
    return float(spearmanr(values, [text["grade"] for text in texts])[0])


def ablation(texts, scores):
    """Returns the rows (what is scored, rank correlation with the grades)."""
    whole = [overall for overall, _, _ in scores]
    form = list(whole)
    for name in FACTORS:
        form = [value / factor(parts, name) for value, (_, parts, _) in zip(form, scores)]
    rows = [("form alone", correlation(form, texts))]
    for name in FACTORS:
        values = [factor(parts, name) for _, parts, _ in scores]
        rows.append((f"`{name}` alone", correlation(values, texts)))
        with_it = [value * one for value, one in zip(form, values)]
        rows.append((f"form x `{name}`", correlation(with_it, texts)))
        without = [value / one for value, one in zip(whole, values)]
        rows.append((f"score without `{name}`", correlation(without, texts)))
    rows.append(("score", correlation(whole, texts)))
    return rows


def by_prompt(texts, scores):
    """Returns {prompt id: {kind: score}}."""
    found = {}
    for text, (overall, _, _) in zip(texts, scores):
        found.setdefault(text["prompt_id"], {})[text["kind"]] = overall
    return found


def broken_orders(kinds):
    """Returns the orders that the scores of one prompt break."""
    broken = []
    if kinds["salad"] > MAX_SALAD_SHARE * kinds["excellent"]:
        broken.append("salad above 0.4 of excellent")
    for low in ("template", "wrongfacts"):
        if kinds[low] >= kinds["plain"]:
            broken.append(f"{low} not below plain")
    if kinds["offtopic"] >= min(kinds[kind] for kind in ON_TOPIC if kind in kinds):
        broken.append("offtopic not below every on-topic text")
    return broken


def report(args, results):
    version = next(iter(results.values()))[1][0][2]
    lines = [f"# Scores and grades: {args.name}", "",
             "Made by `bench/score_validity.py`. Scorer, version:", "", f"    assay {version}", "",
             "Each figure is Spearman's rank correlation with the grades of one grader. `graded` has",
             "3 prompts and is the set on which the limits of the factors were chosen; `held out` has",
             "8 prompts, two of them not English.", "",
             "| What is scored | " + " | ".join(results) + " |", "|---|" + "---:|" * len(results)]
    tables = [ablation(texts, scores) for texts, scores in results.values()]
    for rows in zip(*tables):
        lines.append(f"| {rows[0][0]} | " + " | ".join(f"{value:.2f}" for _, value in rows) + " |")
    lines += ["", "| Prompt | Texts | Correlation | Broken orders |", "|---|---:|---:|---|"]
    for texts, scores in results.values():
        within = []
        for prompt, kinds in by_prompt(texts, scores).items():
            chosen = [i for i, text in enumerate(texts) if text["prompt_id"] == prompt]
            within.append(correlation([scores[i][0] for i in chosen], [texts[i] for i in chosen]))
            lines.append(f"| {prompt} | {len(chosen)} | {within[-1]:.2f} | "
                         f"{', '.join(broken_orders(kinds)) or 'none'} |")
        lines.append(f"| mean | | {statistics.mean(within):.2f} | |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--model", type=pathlib.Path, help="GGUF file of the language model")
    parser.add_argument("--encoder", type=pathlib.Path, help="folder of the encoder")
    parser.add_argument("--name", default="reader", help="name of the pair of models in the report")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, help="Markdown file (default: standard output)")
    args = parser.parse_args()
    models, readers = [], {}
    for key, path in (("language_model", args.model), ("encoder", args.encoder)):
        if path is not None:
            models.append({"id": key, "source": {"file": str(path.absolute())}})
            readers[key] = key
    if not models:
        parser.error("give --model, --encoder or both")
    results = {}
    with Daemon(args.bin / "assayd", models, args.threads,
                evaluation={"readers": readers}) as daemon:
        for name, file in SETS.items():
            texts = read_texts(GOLDEN / file)
            results[name] = (texts, score(args, daemon.address, texts))
    text = report(args, results)
    if args.out:
        args.out.write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
