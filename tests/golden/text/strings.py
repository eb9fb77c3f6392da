"""Makes varied strings for tokenizer comparisons.

The strings have every script, spaces, digits, control characters, emoji, code, and the text of
special tokens. They are deterministic. All characters are assigned in Unicode 14, because PCRE2
10.42 and the tokenizers crate support different later versions.
"""
import random
import unicodedata

SPECIALS = [
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<repo_name>", "<|im_start",
    "<|im_start|>user\n", "<jupyter_code>",
]
WORDS = [
    "the", "Hello", "world", "it's", "WE'LL", "don't", "I'd", "they've", "naïve", "Straße", "über",
    "größer", "Zeit", "你好", "世界", "模型", "こんにちは", "안녕하세요", "привет", "γειά", "שלום", "مرحبا",
    "नमस्ते", "สวัสดี", "x", "foo_bar", "camelCase", "HTTP/1.1", "3.14", "2024", "1,000,000", "½",
    "²", "Ⅷ", "٣", "१२", "C++", "a+b=c", "#hashtag", "@user", "e-mail@example.com",
    "https://example.com/a?b=c&d=1", "don’t", "…", "—", "“quoted”", "👍", "🏽", "👩‍👩‍👧", "🇩🇪", "❤️",
]
SPACES = [
    " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", " \n ", "\u00a0", "\u2003", "\u3000", "\u200b",
    "\u180e", "\u2028", "\x85", "\x1c", "\x0b", "\ufeff", "    ", "\t\t",
]
CODE = [
    "def f(x):\n    return x + 1\n", "for (int i = 0; i < 10; ++i) {\n\tsum += a[i];\n}\n",
    "SELECT * FROM t WHERE id = 42;", "<div class=\"x\">&nbsp;</div>",
    "{\"a\": [1, 2, {\"b\": null}]}", "#!/bin/sh\nset -e\n", "let x: &'static str = \"hi\";",
    "\\frac{a}{b}", "0xDEADBEEF", "if x==1:pass", "a->b::c<T>()",
]


def assigned():
    return [chr(c) for c in range(0x110000)
            if not 0xD800 <= c <= 0xDFFF and unicodedata.category(chr(c)) not in ("Cn", "Co", "Cs")]


def make(count, seed=20261123):
    rng = random.Random(seed)
    characters = assigned()
    by_block = {}
    for c in characters:
        by_block.setdefault(ord(c) >> 7, []).append(c)
    blocks = list(by_block.values())
    out = ["", " ", "\n", "a", "\x00", "'", "''s", "a" * 5000, " " * 3000, "0" * 2000, "ab" * 3000,
           "👍" * 500, "\u0301" * 100]
    # Every block of 128 code points occurs at least once, and with them every script.
    out += ["".join(block[:60]) for block in blocks]
    out += [" ".join(rng.choices(block, k=12)) for block in blocks]
    out += [s + t for s in SPACES for t in SPACES]
    out += [s + "1" for s in SPACES] + [s + "a" + s + "!" for s in SPACES]
    out += CODE + [c * 3 for c in CODE]
    makers = [
        lambda: "".join(rng.choices(characters, k=rng.randint(1, 30))),
        lambda: "".join(rng.choices(rng.choice(blocks), k=rng.randint(1, 40))),
        lambda: rng.choice(SPACES).join(rng.choices(WORDS, k=rng.randint(1, 20))),
        lambda: "".join(rng.choice(WORDS) + rng.choice(SPACES) for _ in range(rng.randint(1, 15))),
        lambda: "".join(chr(rng.randint(0, 127)) for _ in range(rng.randint(1, 80))),
        lambda: "".join(rng.choice("0123456789 .,-eE+") for _ in range(rng.randint(1, 40))),
        lambda: "".join(rng.choice([rng.choice(WORDS), rng.choice(SPACES), rng.choice(CODE),
                                    rng.choice(SPECIALS)])
                        for _ in range(rng.randint(1, 12))),
        lambda: "".join(chr(rng.choice([rng.randint(0, 31), rng.randint(127, 159), 32]))
                        for _ in range(rng.randint(1, 20))),
    ]
    while len(out) < count:
        out.append(rng.choice(makers)())
    return out
