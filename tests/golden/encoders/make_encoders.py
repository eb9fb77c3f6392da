"""Writes small random encoders and the sentence vectors that transformers computes for them.

    python tests/golden/encoders/make_encoders.py --out DIR [--minilm FOLDER]

ctest runs the script for the build folder. For each case, DIR/NAME contains a BERT checkpoint with a
WordPiece tokenizer and the files of Sentence-Transformers, and golden.json:
  texts      the texts
  tokens     the number of tokens of each, after truncation
  truncated  whether each was truncated
  raw        the pooled vectors before normalization
Texts are tokenized by `tokenizers` and computed by transformers' BertModel in one padded batch with its
attention mask; the pooling follows sentence_transformers/models/Pooling.py. DIR/minilm has only golden.json,
for the all-MiniLM-L6-v2 in FOLDER, if that exists. A case is made again only if this file or the version of
transformers changes.
"""
import argparse
import hashlib
import json
import pathlib

import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = ["the", "cat", "sat", "on", "mat", "a", "b", "c", "!", ",", ".", "?", "un", "happy", "##s", "##ing",
          "##ly", "##happy", "walk", "Ã", "é", "é".upper(), "日", "本", "🙂", "1", "2", "##0", "report"]
TEXTS = ["", "the cat sat on the mat.", "The CAT sat!", "unhappy cats, walking", "a", "日本 the 🙂",
         "café é É", " \t\n spaces   between  ", "[SEP] the [MASK] cat", "a" * 120, "walk " * 30,
         "the cat sat on a mat, happy. " * 40, "b c a, the report 1 200 2", "e\u0301 combined", "\u200bzero"]

BASE = dict(hidden_size=48, num_hidden_layers=3, num_attention_heads=4, intermediate_size=72,
            max_position_embeddings=64)
# name: (configuration, class, pooling mode or None for no files, max_seq_length or None)
CASES = {
    "mean": (BASE, "BertModel", "mean", 40),
    "cls": ({**BASE, "hidden_size": 60, "num_attention_heads": 5, "intermediate_size": 100}, "BertModel",
            "cls", 64),
    "max": ({**BASE, "hidden_size": 32, "num_attention_heads": 2, "num_hidden_layers": 1}, "BertModel",
            "max", None),
    "no_files": ({**BASE, "hidden_size": 64, "num_attention_heads": 8, "intermediate_size": 256},
                 "BertModel", None, None),
    "masked_lm": ({**BASE, "type_vocab_size": 4, "hidden_act": "gelu_new"}, "BertForMaskedLM", "mean", 50),
    "long": ({**BASE, "max_position_embeddings": 700, "hidden_act": "relu"}, "BertModel", "mean", 700),
}


def vocabulary():
    pieces = SPECIAL + PIECES
    letters = [chr(c) for c in range(ord("d"), ord("z") + 1)]
    pieces += letters + ["##" + chr(c) for c in range(ord("a"), ord("z") + 1)]
    return {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}


def word_piece_tokenizer():
    vocab = vocabulary()
    tokenizer = Tokenizer(models.WordPiece(vocab=vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])])
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def randomize(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        start = 1.0 if "LayerNorm.weight" in name else 0.0
        parameter.copy_(start + noise * (0.25 if parameter.dim() > 1 else 0.1))


def pooled(hidden, mask, mode):
    """The formulas of sentence_transformers/models/Pooling.py."""
    expanded = mask.unsqueeze(-1).expand(hidden.size()).float()
    if mode == "cls":
        return hidden[:, 0]
    if mode == "max":
        return hidden.masked_fill(expanded == 0, -1e9).max(1).values
    return (hidden * expanded).sum(1) / expanded.sum(1).clamp(min=1e-9)


def golden(model, tokenizer, texts, mode, max_tokens, batch):
    tokenizer.no_padding()
    tokenizer.no_truncation()
    full = [len(tokenizer.encode(text).ids) for text in texts]
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding()
    raw, tokens = [], []
    for begin in range(0, len(texts), batch):
        encoded = tokenizer.encode_batch(texts[begin:begin + batch])
        ids = torch.tensor([e.ids for e in encoded])
        mask = torch.tensor([e.attention_mask for e in encoded])
        raw += pooled(model(ids, attention_mask=mask).last_hidden_state, mask, mode).tolist()
        tokens += mask.sum(1).tolist()
    return dict(texts=texts, tokens=tokens, raw=raw, truncated=[n > max_tokens for n in full])


def write_sentence_files(folder, hidden, mode, max_tokens):
    kind = "sentence_transformers.models."
    modules = [dict(idx=0, name="0", path="", type=kind + "Transformer"),
               dict(idx=1, name="1", path="1_Pooling", type=kind + "Pooling")]
    if mode != "cls":
        modules.append(dict(idx=2, name="2", path="2_Normalize", type=kind + "Normalize"))
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({
        "word_embedding_dimension": hidden, "pooling_mode_cls_token": mode == "cls",
        "pooling_mode_mean_tokens": mode == "mean", "pooling_mode_max_tokens": mode == "max"}))
    if max_tokens is not None:
        (folder / "sentence_bert_config.json").write_text(
            json.dumps(dict(max_seq_length=max_tokens, do_lower_case=False)))


@torch.no_grad()
def make(name, folder):
    keys, kind, mode, max_tokens = CASES[name]
    config = transformers.BertConfig(**keys, vocab_size=len(vocabulary()), attn_implementation="eager")
    model = getattr(transformers, kind)(config).eval()
    randomize(model, seed=sum(map(ord, name)))
    model.save_pretrained(folder)
    tokenizer = word_piece_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    if mode is not None:
        write_sentence_files(folder, config.hidden_size, mode, max_tokens)
    encoder = model.bert if kind != "BertModel" else model
    return golden(encoder, tokenizer, TEXTS, mode or "mean", max_tokens or config.max_position_embeddings,
                  len(TEXTS))


def varied_texts():
    sentence = "We measured the quality, the latency and the cost of every model on the same prompts"
    languages = [
        "Über die Straße läuft ein Kätzchen.", "L'été dernier, nous avons dîné à Orléans.",
        "El niño comió jalapeños en la montaña.", "Zażółć gęślą jaźń", "Привет, как дела?", "Γειά σου Κόσμε",
        "日本語の文章を埋め込みます。", "我们比较了三个模型的质量。", "한국어 문장입니다.", "مرحبا بالعالم",
        "नमस्ते दुनिया", "שלום עולם", "Ⅷ ﬁne ½ ①", "e\u0301 a\u0308 o\u0302", "Ｆｕｌｌ ｗｉｄｔｈ",
    ]
    marks = ["", " ", "\n\n\t", "🙂", "🎉🚀 We are live! 👩‍👩‍👧‍👦 🇩🇪", "!!!???...", "a", "[CLS] [SEP] [MASK]",
             "https://example.com/a?b=c&d=1#e", "mail@example.com", "C++ && Rust -> 3.14e-10 == $5.00",
             "don't can't won't it's", "x" * 99, "x" * 101, "antidisestablishmentarianism",
             "\u200b\ufeffhidden\u00adsoft", "tabs\tand\r\nlines\u2028here", "<b>bold</b> & \"quoted\" 'text'",
             "ALL CAPS HEADLINE", "mixed日本english한국", "1,234,567.89 2026-11-30 12:00:00"]
    lengths = [" ".join([sentence] * n) for n in (1, 2, 5, 8, 15, 16, 17, 20)]
    thousand = " ".join(f"word{i}" if i % 7 else "the" for i in range(1000))
    topics = ["A new espresso bar opens downtown.", "The central bank raises interest rates.",
              "How to train a puppy to sit.", "Quantum computers factor integers.",
              "Our quarterly report shows growth in three regions."]
    return languages + marks + lengths + [thousand] + topics


@torch.no_grad()
def make_minilm(model_folder):
    model = transformers.BertModel.from_pretrained(model_folder, attn_implementation="eager").eval()
    tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    return golden(model, tokenizer, varied_texts(), "mean", 256, 8)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--minilm", type=pathlib.Path)
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()
    made_by = pathlib.Path(__file__).read_bytes() + transformers.__version__.encode()
    version = hashlib.sha256(made_by).hexdigest()
    makers = {name: make for name in CASES}
    if args.minilm is not None and (args.minilm / "model.safetensors").exists():
        makers["minilm"] = lambda _name, _folder: make_minilm(args.minilm)
    for name, maker in makers.items():
        folder = args.out / name
        stamp = folder / "stamp"
        if stamp.exists() and stamp.read_text() == version:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "golden.json").write_text(json.dumps(maker(name, folder)))
        stamp.write_text(version)
        print(name, flush=True)


if __name__ == "__main__":
    main()
