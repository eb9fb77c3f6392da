"""Compares Assay's tokenizer with `tokenizers` on random tokenizer.json files and random texts.

    python tests/golden/text/compare_random_tokenizers.py PROBE [--files 20] [--texts 24] [--seed 1]
        [--kinds normalizer,decoder,...]

PROBE is the built tokenizer_probe. For every file, the script compares each text encoded with and
without the tokens around it, and random ids and the encoded text decoded with and without special
tokens. A file that `tokenizers` refuses is skipped. A text or a list of ids that it refuses must be
refused. The script prints one line per kind and the first differences, and exits with 1 if there
are any.
"""
import argparse
import json
import pathlib
import random
import sys
import tempfile

from tokenizers import Tokenizer

import random_tokenizers
from probe import run_probe

SHOWN = 4


class Refused:
    """What `tokenizers` raises, including panics of its Rust code."""

    def __eq__(self, other):
        return isinstance(other, dict) and "error" in other

    def __repr__(self):
        return "refused"


def attempt(call):
    try:
        return call()
    except BaseException as error:  # Panics are no Exception.
        if isinstance(error, KeyboardInterrupt):
            raise
        return Refused()


def requests_of(reference, texts, rng):
    """Returns the requests and what `tokenizers` answers, with None for what it must not decide."""
    size = reference.get_vocab_size()
    known = sorted(reference.get_vocab(True).values())
    out = []
    for text in texts:
        for around in (False, True):
            ids = attempt(lambda: reference.encode(text, add_special_tokens=around).ids)
            out.append(({"encode": text, "add_special": around}, ids))
        lists = [rng.choices(known, k=rng.randint(1, 12))]
        if isinstance(ids, list):
            lists.append(ids)
        for ids in lists:
            for skip in (False, True):
                decoded = attempt(lambda: reference.decode(ids, skip_special_tokens=skip))
                if not isinstance(decoded, Refused) and max(ids, default=0) < size:
                    out.append(({"decode": ids, "skip_special": skip}, decoded))
    return out


def compare(probe, kind, seed, count, folder):
    made = random_tokenizers.make(kind, seed)
    text = json.dumps(made, ensure_ascii=False)
    reference = attempt(lambda: Tokenizer.from_str(text))
    if isinstance(reference, Refused):
        return None
    (folder / "tokenizer.json").write_text(text)
    texts = random_tokenizers.texts(kind, seed, count)
    pairs = requests_of(reference, texts, random.Random(seed))
    answers = run_probe(probe, folder, [request for request, _ in pairs])
    if isinstance(answers, str):
        return len(pairs), [("load", "", "loads", answers)]
    differences = []
    for (request, expected), got in zip(pairs, answers):
        value = got.get("ids", got.get("text", got))
        if expected != value:
            differences.append((json.dumps(request, ensure_ascii=False)[:200], made, expected,
                                value))
    return len(pairs), differences


def describe(made):
    if not made:
        return ""
    parts = {k: made[k] for k in ("normalizer", "pre_tokenizer", "decoder", "post_processor")
             if made[k]}
    parts["model"] = {k: v for k, v in made["model"].items() if k not in ("vocab", "merges")}
    parts["added"] = [t for t in made["added_tokens"][9:]]
    return json.dumps(parts, ensure_ascii=False)[:1200]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--texts", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(random_tokenizers.KINDS))
    parser.add_argument("--shown", type=int, default=SHOWN)
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        for kind in args.kinds.split(","):
            files = pairs = bad_files = bad_pairs = 0
            shown = []
            for i in range(args.files):
                result = compare(args.probe, kind, args.seed * 100_000 + i, args.texts,
                                 pathlib.Path(name))
                if result is None:
                    continue
                count, differences = result
                files += 1
                pairs += count
                bad_files += bool(differences)
                bad_pairs += len(differences)
                shown += differences[:1]
            print(f"{kind}: {files} files, {pairs} pairs; {bad_files} files and {bad_pairs} pairs "
                  "differ", flush=True)
            for what, made, expected, got in shown[:args.shown]:
                print(f"    {what}\n      of       {describe(made)}\n"
                      f"      expected {str(expected)[:300]}\n      got      {str(got)[:300]}")
            failed += bad_files
    return 1 if failed else 0


sys.exit(main())
