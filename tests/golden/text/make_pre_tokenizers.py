"""Splits varied strings with the pre-tokenizers that GGUF files name (tokenizer.ggml.pre).

    python tests/golden/text/make_pre_tokenizers.py     (needs tokenizers)

Writes tests/golden/text/pre_tokenizers.json: {"texts": [...], "bytes": [NAMES of pre-tokenizers
whose pieces are bytes], "pieces": {NAME: [pieces of each text]}}. The steps are those of the
published tokenizer.json files. `default` is llama.cpp's choice for files that name none.
"""
import json
import pathlib

from tokenizers import Regex
from tokenizers.pre_tokenizers import ByteLevel, Digits, Punctuation, Sequence, Split

import strings

OUT = pathlib.Path(__file__).parent / "pre_tokenizers.json"
STRINGS, MAX_LENGTH = 70, 60
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"


def isolated(*patterns):
    return Sequence([Split(Regex(p), "isolated") for p in patterns])


def cl100k(digits):
    return isolated(rf"{CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}"
                    rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{SPACES}")


def cased(tail, digits):
    """Splits words by the case of their letters."""
    start = r"[^\r\n\p{L}\p{N}]?"
    return isolated(rf"{start}{UPPER}*{LOWER}+{tail}|{start}{UPPER}+{LOWER}*{tail}|{digits}"
                    rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{SPACES}")


def byte_level():
    return ByteLevel(add_prefix_space=False, use_regex=True)


STEPS = {
    "gpt-2": byte_level(),
    "smollm": Sequence([Digits(individual_digits=True), byte_level()]),
    "llama-bpe": cl100k(r"\p{N}{1,3}"),
    "qwen2": cl100k(r"\p{N}"),
    "tekken": cased("", r"\p{N}"),
    "gpt-4o": cased(f"{CONTRACTIONS}?", r"\p{N}{1,3}"),
    "bloom": isolated(r" ?[^(\s|[.,!?…。，、।۔،])]+"),
    "falcon": Sequence([Punctuation("contiguous"), byte_level(), Digits(individual_digits=False),
                        Split(Regex("[0-9][0-9][0-9]"), "isolated")]),
    "default": isolated(r"[\p{P}\$\+<=>\^~\|]+",
                        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"
                        r"|\s+(?!\S)|\s+", r"\p{N}+", "[0-9][0-9][0-9]"),
}
SPELLED = {"gpt-2", "smollm", "falcon"}
EXTRA = ["It's WE'LL they'Ve I'm'd don't", "HTTPServer camelCase ÉCOLE École ǅ",
         "a1b22c333d4444 12345 1234567 ½² 12", "price: $12.50, (a|b) `x` <y> 'z' ~^+=",
         "end/\n\r\n  next\tone   ", "नमस्ते। दुनिया ۔ مرحبا، 你好。世界", "x  y   z    \n\n w"]


def bytes_of_alphabet():
    """Returns the byte of each character of GPT-2's byte alphabet."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return {chr(b): b for b in plain} | {chr(256 + i): b for i, b in enumerate(others)}


def pieces(name, text, alphabet):
    cut = [piece for piece, _ in STEPS[name].pre_tokenize_str(text)]
    if name not in SPELLED:
        return cut
    # A piece may end within a character. Latin-1 keeps its bytes.
    return [bytes(alphabet[c] for c in piece).decode("latin-1") for piece in cut]


def main():
    alphabet = bytes_of_alphabet()
    texts = EXTRA + [t[:MAX_LENGTH] for t in strings.make(12000)[::12000 // STRINGS] if t]
    out = {"texts": texts, "bytes": sorted(SPELLED),
           "pieces": {name: [pieces(name, t, alphabet) for t in texts] for name in STEPS}}
    OUT.write_text(json.dumps(out, separators=(",", ":")) + "\n")


main()
