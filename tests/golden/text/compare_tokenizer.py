"""Compares Assay's tokenizer of a GGUF file with that of transformers on 12,000 varied strings.

    python tests/golden/text/compare_tokenizer.py PROBE MODEL.gguf [--count 12000]

PROBE is the built tokenizer_probe. The script compares encoding, decoding, and decoding without
special tokens, each with two pre-tokenizers:

1. GPT-2's, because the GGUF reader of transformers ignores the pre-tokenizer 'smollm' of the file.
   The probe uses it too in this round.
2. The one that the file names and that the model was trained with (single digits, then GPT-2's).
   Assay serves this one.

Prints the first differences and exits with 1 if there are any.
"""
import argparse
import json
import pathlib
import subprocess
import sys

from tokenizers import pre_tokenizers
from transformers import AutoTokenizer

import strings

SHOWN = 20


def run_probe(probe, model, pre, requests):
    lines = "".join(json.dumps(r) + "\n" for r in requests)
    out = subprocess.run([probe, model, pre], input=lines, capture_output=True, text=True,
                         check=True).stdout
    answers = [json.loads(line) for line in out.split("\n") if line]
    assert len(answers) == len(requests), (len(answers), len(requests))
    return answers


def compare(name, tokenizer, probe, model, pre, texts):
    expected = [tokenizer(t, add_special_tokens=False)["input_ids"] for t in texts]
    got = run_probe(probe, model, pre, [{"encode": t} for t in texts])
    differences = [(t, w, g) for t, w, g in zip(texts, expected, got) if g.get("ids") != w]
    decoded = run_probe(probe, model, pre, [{"decode": w} for w in expected])
    bare = run_probe(probe, model, pre, [{"decode": w, "skip_special": True} for w in expected])
    for t, w, d, b in zip(texts, expected, decoded, bare):
        if d.get("text") != tokenizer.decode(w):
            differences.append((t, tokenizer.decode(w), d))
        if b.get("text") != tokenizer.decode(w, skip_special_tokens=True):
            differences.append((t, tokenizer.decode(w, skip_special_tokens=True), b))
    for difference in differences[:SHOWN]:
        print("DIFFERENT", [repr(part)[:300] for part in difference])
    print(f"{name}: {len(texts)} strings, {sum(map(len, expected))} tokens, "
          f"encode and two decodes: {len(differences)} differences")
    return len(differences)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("model")
    parser.add_argument("--count", type=int, default=12000)
    args = parser.parse_args()
    model = pathlib.Path(args.model).resolve()
    texts = strings.make(args.count)
    plain = AutoTokenizer.from_pretrained(str(model.parent), gguf_file=model.name)
    different = compare("as transformers reads the GGUF (gpt-2)", plain, args.probe, str(model),
                        "gpt-2", texts)
    plain.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True),
         pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    different += compare("with the file's own pre-tokenizer (smollm)", plain, args.probe,
                         str(model), "smollm", texts)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
