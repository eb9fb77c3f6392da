"""Makes random tokenizer.json files of all components of the tokenizers crate.

A file is made of one kind of component at a time ("normalizer", "decoder", ...), with the other
components plain, or of all kinds together ("mixed"). make(seed) is deterministic.
"""
import json
import random

import strings

KINDS = ["normalizer", "pre_tokenizer", "decoder", "post_processor", "bpe", "wordpiece",
         "wordlevel", "unigram", "added", "mixed"]
WORDS = ["the", "The", "model", "ing", "##ing", "##el", "##s", "a", "b", "c", "ab", "abc", "▁a",
         "▁the", "Ġthe", "é", "ü", "中", "国", "##国", "1", "12", "Ⅷ", ".", ",", "!", "n't", "'s",
         "</w>", "e</w>", "l</w>", "the</w>", "ı", "ß", "<0x0A>", "<0xC3>", "<0xA9>", " ", "  ",
         "ни", "привет", "שלום", "ﬁ", "½", "do", "not", "|", "##"]
SPECIALS = ["<unk>", "[UNK]", "<s>", "</s>", "[CLS]", "[SEP]", "<pad>", "[MASK]", "<|im_start|>"]
REGEXES = [r"\s+", r"\w+", r"[^\s\p{L}\p{N}]+", r"\p{N}{1,3}", r"[aeiou]", r"(?i:the)", r"\s+(?!\S)",
           r"[\p{L}\p{M}]+|\p{N}", r"\W", r"[^\w\s]", r"\h+", r"[a[bc]]+", r"[[:digit:]]+", r"\d",
           r"[一-龥]+", r"\r?\n", r"(?<=a)b", r"[^(\s|[.,!?…。，、।۔،])]+", r" ?[^(\s|[.,])]+"]
TEXT = ["a", "the", " ", "  ", "▁", "e", "1", ".", "\n", "é", "ab"]


def pattern(rng):
    if rng.random() < 0.5:
        return {"Regex": rng.choice(REGEXES)}
    return {"String": rng.choice(TEXT)}


def behavior(rng):
    return rng.choice(["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"])


def flip(rng):
    return rng.random() < 0.5


def charsmap():
    """A small table: "ﬁ" to "fi", "½" to "1/2", "\u00a0" and tab to a space, "\u200b" to nothing."""
    import base64
    return base64.b64encode(small_charsmap({"ﬁ": "fi", "½": "1/2", "\u00a0": " ", "\t": " ",
                                            "\u200b": "", "é": "e", "e\u0301": "E",
                                            "１": "1", "中国": "China"})).decode()


def small_charsmap(table):
    """Builds a double array as spm_precompiled reads it: node = base ^ byte."""
    import struct
    replacements, values = b"", {}
    for key, value in table.items():
        values[key.encode()] = len(replacements)
        replacements += value.encode() + b"\0"
    children = {}
    for key in values:
        for i in range(len(key)):
            children.setdefault(key[:i], set()).add(key[i])
    nodes, used = {}, {0}

    def place(prefix, index):
        """Chooses the offset of the children of the node at `index`, and places them."""
        labels = sorted(children.get(prefix, ()))
        leaf = prefix in values
        offset = 1
        while True:
            base = index ^ offset
            targets = [base ^ label for label in labels] + ([base] if leaf else [])
            if len(set(targets)) == len(targets) and not used & set(targets):
                break
            offset += 1
        used.update(targets)
        label = prefix[-1] if prefix else 0
        nodes[index] = label | (int(leaf) << 8) | (offset << 10)
        if leaf:
            nodes[base] = values[prefix] | (1 << 31)
        for child in labels:
            place(prefix + bytes([child]), base ^ child)

    place(b"", 0)
    size = max(nodes) + 257
    array = b"".join(struct.pack("<I", nodes.get(i, 0)) for i in range(size))
    return struct.pack("<I", len(array)) + array + replacements


def normalizer(rng, depth=0):
    makers = [
        lambda: {"type": rng.choice(["NFC", "NFD", "NFKC", "NFKD"])},
        lambda: {"type": "Lowercase"}, lambda: {"type": "StripAccents"}, lambda: {"type": "Nmt"},
        lambda: {"type": "Strip", "strip_left": flip(rng), "strip_right": flip(rng)},
        lambda: {"type": "Replace", "pattern": pattern(rng), "content": rng.choice(TEXT + [""])},
        lambda: {"type": "Prepend", "prepend": rng.choice(["▁", "a", " "])},
        lambda: {"type": "BertNormalizer", "clean_text": flip(rng),
                 "handle_chinese_chars": flip(rng),
                 "strip_accents": rng.choice([None, True, False]), "lowercase": flip(rng)},
        lambda: {"type": "Precompiled", "precompiled_charsmap": charsmap()},
        lambda: {"type": "ByteLevel"},
    ]
    if depth < 2 and rng.random() < 0.4:
        return {"type": "Sequence",
                "normalizers": [normalizer(rng, depth + 1) for _ in range(rng.randint(0, 3))]}
    return rng.choice(makers)()


def metaspace(rng):
    return {"type": "Metaspace", "replacement": rng.choice(["▁", "_", "Ġ"]),
            "prepend_scheme": rng.choice(["first", "never", "always"]), "split": flip(rng)}


def pre_tokenizer(rng, depth=0):
    makers = [
        lambda: {"type": "ByteLevel", "add_prefix_space": flip(rng), "trim_offsets": True,
                 "use_regex": flip(rng)},
        lambda: {"type": "Split", "pattern": pattern(rng), "behavior": behavior(rng),
                 "invert": flip(rng)},
        lambda: {"type": "Digits", "individual_digits": flip(rng)},
        lambda: {"type": "Punctuation", "behavior": behavior(rng)},
        lambda: {"type": "Whitespace"}, lambda: {"type": "WhitespaceSplit"},
        lambda: {"type": "BertPreTokenizer"},
        lambda: {"type": "CharDelimiterSplit", "delimiter": rng.choice(["a", " ", "▁", "é"])},
        lambda: metaspace(rng), lambda: {"type": "FixedLength", "length": rng.randint(1, 6)},
    ]
    if depth < 2 and rng.random() < 0.45:
        return {"type": "Sequence",
                "pretokenizers": [pre_tokenizer(rng, depth + 1) for _ in range(rng.randint(1, 3))]}
    return rng.choice(makers)()


def decoder(rng, depth=0):
    makers = [
        lambda: {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                 "use_regex": True},
        lambda: {"type": "ByteFallback"}, lambda: {"type": "Fuse"},
        lambda: {"type": "Replace", "pattern": pattern(rng), "content": rng.choice(TEXT + [""])},
        lambda: {"type": "Strip", "content": rng.choice([" ", "a", "▁"]),
                 "start": rng.randint(0, 3), "stop": 0},
        lambda: metaspace(rng),
        lambda: {"type": "WordPiece", "prefix": rng.choice(["##", "", "a"]), "cleanup": flip(rng)},
        lambda: {"type": "BPEDecoder", "suffix": rng.choice(["</w>", "a", "##"])},
        lambda: {"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|",
                 "cleanup": flip(rng)},
    ]
    if depth < 2 and rng.random() < 0.45:
        return {"type": "Sequence",
                "decoders": [decoder(rng, depth + 1) for _ in range(rng.randint(1, 4))]}
    return rng.choice(makers)()


def post_processor(rng, ids):
    special = [t for t in SPECIALS if t in ids]
    around = lambda: [{"SpecialToken": {"id": t, "type_id": 0}}  # noqa: E731
                      for t in rng.sample(special, rng.randint(0, 2))]
    template = lambda: {  # noqa: E731
        "type": "TemplateProcessing",
        "single": around() + [{"Sequence": {"id": "A", "type_id": 0}}] + around(),
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {t: {"id": t, "ids": [ids[t]], "tokens": [t]} for t in special}}
    pair = lambda: {"sep": ["</s>", ids["</s>"]], "cls": ["<s>", ids["<s>"]]}  # noqa: E731
    byte_level = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False,
                  "use_regex": True}
    makers = [template, lambda: {"type": "BertProcessing", **pair()},
              lambda: {"type": "RobertaProcessing", **pair(), "trim_offsets": True,
                       "add_prefix_space": False},
              lambda: byte_level,
              lambda: {"type": "Sequence", "processors": [byte_level, template()]}]
    return rng.choice(makers)()


def vocabulary(rng, byte_level):
    tokens = SPECIALS + WORDS + [chr(c) for c in range(33, 127)] + list("éüàñßäöçи你好世界▁Ġ")
    if byte_level:
        import compare_bytes
        tokens += compare_bytes.alphabet()
    if rng.random() < 0.3:
        tokens += [f"<0x{b:02X}>" for b in range(256)]
    tokens += ["".join(rng.choices("abcdethmol ", k=rng.randint(2, 4))) for _ in range(60)]
    tokens += ["##" + c for c in "abcdefghijklmnopqrstuvwxyz"]
    return {t: i for i, t in enumerate(dict.fromkeys(tokens))}


def merges_of(rng, ids, prefix):
    pairs = []
    for token in ids:
        for cut in range(1, len(token)):
            left, right = token[:cut], prefix + token[cut:]
            if left in ids and right in ids and rng.random() < 0.5:
                pairs.append([left, right])
    rng.shuffle(pairs)
    return pairs


def model(rng, kind, byte_level):
    ids = vocabulary(rng, byte_level)
    if kind == "wordpiece":
        return {"type": "WordPiece", "vocab": ids, "unk_token": "[UNK]",
                "continuing_subword_prefix": rng.choice(["##", "##", "a", ""]),
                "max_input_chars_per_word": rng.choice([100, 100, 5, 0])}
    if kind == "wordlevel":
        return {"type": "WordLevel", "vocab": ids, "unk_token": rng.choice(["<unk>", "[UNK]"])}
    if kind == "unigram":
        # serde_json reads numbers of many digits inexactly, which decides between equal sums.
        pieces = [[t, -rng.randint(1, 10240) / 1024] for t in ids]
        return {"type": "Unigram", "vocab": pieces, "unk_id": 0, "byte_fallback": flip(rng)}
    prefix = rng.choice(["", "", "##"]) if kind in ("bpe", "mixed") else ""
    suffix = rng.choice(["", "", "</w>"]) if kind in ("bpe", "mixed") else ""
    return {"type": "BPE", "vocab": ids, "merges": merges_of(rng, ids, prefix),
            "dropout": None, "unk_token": rng.choice([None, "<unk>"]),
            "continuing_subword_prefix": rng.choice([prefix, prefix or None]),
            "end_of_word_suffix": suffix or None, "fuse_unk": flip(rng),
            "byte_fallback": flip(rng) if kind in ("bpe", "mixed") else False,
            "ignore_merges": flip(rng)}


def added_tokens(rng, ids, many):
    tokens = [{"id": ids[t], "content": t, "single_word": False, "lstrip": False, "rstrip": False,
               "normalized": False, "special": True} for t in SPECIALS]
    if not many:
        return tokens
    contents = rng.sample(["ab", "abc", "The", "the", "<x>", "é", "中", "model", " a", "<mask>",
                           "E", "<|a|>", "  ", "b", "[DAY]", "day"], rng.randint(1, 6))
    # Known differences: a token that begins within the whitespace that another one strips, and a
    # normalized token that becomes empty.
    strips = not any(c.startswith(" ") for c in contents)
    for content in contents:
        tokens.append({"id": 0, "content": content, "single_word": rng.random() < 0.3,
                       "lstrip": rng.random() < 0.3, "rstrip": strips and rng.random() < 0.3,
                       "normalized": strips and flip(rng), "special": rng.random() < 0.3})
    return tokens


def make(kind, seed):
    rng = random.Random(f"{kind} {seed}")
    mixed = kind == "mixed"
    models = {"wordpiece": "wordpiece", "wordlevel": "wordlevel", "unigram": "unigram",
              "bpe": "bpe"}
    chosen = models.get(kind) or (rng.choice(list(models)) if mixed else
                                  rng.choice(["unigram", "plain", "wordlevel"]))
    pre = None
    if kind == "pre_tokenizer" or (mixed and flip(rng)):
        pre = pre_tokenizer(rng)
    elif chosen in ("wordpiece", "wordlevel"):
        pre = {"type": rng.choice(["BertPreTokenizer", "Whitespace", "WhitespaceSplit"])}
    normal = normalizer(rng) if kind == "normalizer" or (mixed and flip(rng)) else None
    byte_level = "ByteLevel" in json.dumps([pre, normal]) or rng.random() < 0.2
    made = model(rng, chosen, byte_level)
    ids = made["vocab"]
    if isinstance(ids, list):
        ids = {t: i for i, (t, _) in enumerate(ids)}
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": added_tokens(rng, ids, kind == "added" or mixed),
            "normalizer": normal, "pre_tokenizer": pre,
            "post_processor": (post_processor(rng, ids)
                               if kind == "post_processor" or (mixed and flip(rng)) else None),
            "decoder": (decoder(rng) if kind == "decoder" or (mixed and flip(rng)) else
                        rng.choice([None, {"type": "Fuse"}])),
            "model": made}


POOL = None


def texts(kind, seed, count):
    """Returns texts of the common strings and of the tokens' own words."""
    global POOL
    if POOL is None:
        POOL = [t[:160] for t in strings.make(6000)[13:]]
    rng = random.Random(f"texts {kind} {seed}")
    out = rng.sample(POOL, count // 2)
    parts = WORDS + SPECIALS + TEXT + ["ab", "abc", "<x>", "day", "Day", "DAY", "don't", "model "]
    while len(out) < count:
        out.append("".join(rng.choices(parts, k=rng.randint(1, 12))))
    return out
