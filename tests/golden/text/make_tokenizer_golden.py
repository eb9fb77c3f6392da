"""Makes tests/golden/text/tokenizer.jsonl: 400 strings and their token ids by transformers.

    python tests/golden/text/make_tokenizer_golden.py MODEL.gguf

The pre-tokenizer is the one that the file names.
"""
import json
import pathlib
import sys

from tokenizers import pre_tokenizers
from transformers import AutoTokenizer

import strings

COUNT, MAX_LENGTH = 400, 120


def main():
    model = pathlib.Path(sys.argv[1]).resolve()
    tokenizer = AutoTokenizer.from_pretrained(str(model.parent), gguf_file=model.name)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True),
         pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    texts = [t for t in strings.make(12000) if len(t) <= MAX_LENGTH]
    chosen = texts[:: len(texts) // COUNT][:COUNT]
    with open(pathlib.Path(__file__).parent / "tokenizer.jsonl", "w") as out:
        for text in chosen:
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            out.write(json.dumps({"text": text, "ids": ids}) + "\n")


if __name__ == "__main__":
    main()
