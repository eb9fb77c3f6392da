"""Trains a small tokenizer of every kind and writes the golden tokens of varied strings.

    python tests/golden/text/make_small_tokenizers.py     (needs tokenizers)

Writes tests/golden/text/small/KIND/tokenizer.json and KIND/golden.jsonl with the keys text, ids,
full (ids with the tokens around a text) and decoded (without special tokens).
"""
import json
import pathlib

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers,
                        pre_tokenizers, processors, trainers)

import strings

OUT = pathlib.Path(__file__).parent / "small"
VOCABULARY = 420
STRINGS = 120
SPECIAL = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{b:02X}>" for b in range(256)]
CORPUS = [
    "A language model is worth using when it is measured: latency, memory, quality and cost.",
    "Measure before you trust. The model that answers fastest is not the one that answers best; "
    "2026 has 365 days.",
    "Die Messung kostet Zeit, das Raten kostet mehr. Größe, Übermut, Ärger: "
    "drei Wörter mit Umlauten.",
    "def measure(model, prompts):\n    return [model.generate(p) for p in prompts]\n",
    "L'été dernier, nous avons mesuré 1234 modèles; c'était long, n'est-ce pas?",
    "今日はいい天気ですね。言語モデルを測定します。",
] * 4
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def add_special_tokens_around(tokenizer, bos=True, eos=False):
    single = (["<s>"] if bos else []) + ["$A"] + (["</s>"] if eos else [])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=" ".join(single),
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("<s>", "</s>")])


def byte_level():
    """Byte-level BPE as in Llama 3 and Qwen."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
         pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    add_special_tokens_around(tokenizer)
    return tokenizer


def falcon():
    """Byte-level BPE as in Falcon, with ByteLevel between other steps."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Punctuation("contiguous"),
         pre_tokenizers.ByteLevel(add_prefix_space=False),
         pre_tokenizers.Digits(individual_digits=False),
         pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated")])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    add_special_tokens_around(tokenizer, bos=False)
    return tokenizer


def sentencepiece_bpe():
    """SentencePiece's BPE as in Llama 2."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(),
                                           decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=VOCABULARY + len(BYTES), special_tokens=SPECIAL + BYTES, show_progress=False,
        limit_alphabet=80, max_token_length=8))
    # The byte tokens must be ordinary tokens.
    saved = json.loads(tokenizer.to_str())
    saved["added_tokens"] = [t for t in saved["added_tokens"] if t["content"] in SPECIAL]
    tokenizer = Tokenizer.from_str(json.dumps(saved))
    add_special_tokens_around(tokenizer, eos=True)
    return tokenizer


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    tokenizer.train_from_iterator(CORPUS, trainers.UnigramTrainer(
        vocab_size=VOCABULARY, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False))
    add_special_tokens_around(tokenizer, eos=True)
    return tokenizer


def unigram_bytes():
    """Unigram with byte fallback, Metaspace before every piece, and added tokens that strip."""
    pieces = json.loads(unigram().to_str())["model"]["vocab"]
    tokenizer = Tokenizer(models.Unigram([tuple(p) for p in pieces] + [(b, 0.0) for b in BYTES],
                                         unk_id=0, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Strip(), normalizers.NFD(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Sequence(
        [decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="always")])
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, rstrip=True)])
    tokenizer.add_tokens([AddedToken("Model", single_word=True, normalized=True)])
    add_special_tokens_around(tokenizer)
    return tokenizer


EXTRA = ["a <mask> b<mask>", "model models remodel Model, MODEL", "x<s> y</s>z", "  two  spaces ",
         "don't DON'T it's", "12345 7 88 999", "½ ² ３ Ⅷ ﬁne", "e\u0301 \u00e9",
         "\u180e\u3000\t\r\n \n", "🦙🦙 \u200d🌫️", "<0x0A>"]


def main():
    texts = EXTRA + strings.make(12000)[::12000 // STRINGS]
    for make in (byte_level, falcon, sentencepiece_bpe, unigram, unigram_bytes):
        folder = OUT / make.__name__
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = make()
        saved = json.loads(tokenizer.to_str())
        (folder / "tokenizer.json").write_text(
            json.dumps(saved, ensure_ascii=False, separators=(",", ":")) + "\n")
        with (folder / "golden.jsonl").open("w") as out:
            for text in texts:
                text = text[:200]
                full = tokenizer.encode(text).ids
                row = dict(text=text, ids=tokenizer.encode(text, add_special_tokens=False).ids,
                           full=full, decoded=tokenizer.decode(full))
                out.write(json.dumps(row, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
