"""Makes small GGUF files with SentencePiece tokenizers, and the golden tokens of varied strings.

    python tests/golden/text/make_gguf_tokenizers.py     (needs tokenizers and transformers)

Writes tests/golden/text/small/gguf_KIND/model.gguf and golden.jsonl, as make_small_tokenizers.py
does. `llama` is BPE that merges by score. The merges of its reference come from the conversion of
SentencePiece models in transformers. `t5` is unigram.
"""
import json
import pathlib
import struct
import sys

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
from transformers.convert_slow_tokenizer import generate_merges

import make_small_tokenizers as small
import strings

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import small_gguf  # noqa: E402

STRINGS = 120
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
USER = "<|user|>"
EXTRA = [f"a {USER} b{USER}", "x<s> y</s>z", "  two  spaces ", "<0x0A> 🦙🦙", "12345 ½ é é",
         "\t\r\n \n"]


def write_gguf(path, model, tokens, scores, types):
    small_gguf.write(path, {
        "general.architecture": "llama",
        "tokenizer.ggml.model": model,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": scores,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.bos_token_id": tokens.index("<s>"),
        "tokenizer.ggml.eos_token_id": tokens.index("</s>"),
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_eos_token": model == "t5",
        "tokenizer.ggml.add_space_prefix": True,
    })


def finish(tokenizer, eos):
    """Adds what both kinds share: the replacement of the space, bytes, the tokens around a text."""
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(),
                                           decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in small.SPECIAL])
    tokenizer.add_tokens([AddedToken(USER, normalized=False)])
    single = "<s> $A </s>" if eos else "<s> $A"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=single, special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("<s>", "</s>")])
    return tokenizer


def type_of(token):
    if token == "<unk>":
        return UNKNOWN
    if token in small.SPECIAL:
        return CONTROL
    return USER_DEFINED if token == USER else BYTE if token in small.BYTES else NORMAL


def llama():
    trained = json.loads(small.sentencepiece_bpe().to_str())["model"]
    merged = ["".join(m) for m in trained["merges"]]
    known = {*small.SPECIAL, *small.BYTES, *merged}
    characters = [t for t in trained["vocab"] if t not in known]
    # As in SentencePiece, tokens learned earlier have higher scores, and characters come last.
    learned = list(dict.fromkeys(merged)) + characters
    tokens = small.SPECIAL + [USER] + small.BYTES + learned
    scores = [0.0] * (len(tokens) - len(learned)) + [-float(i) for i in range(len(learned))]
    ids = {t: i for i, t in enumerate(tokens)}
    merges = generate_merges({t: ids[t] for t in learned}, dict(zip(tokens, scores)))
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=merges, unk_token="<unk>", fuse_unk=True,
                                     byte_fallback=True))
    return finish(tokenizer, eos=False), tokens, scores


def t5():
    pieces = [tuple(p) for p in json.loads(small.unigram().to_str())["model"]["vocab"]]
    pieces += [(USER, 0.0)] + [(b, 0.0) for b in small.BYTES]
    # The file has single precision.
    pieces = [(t, struct.unpack("<f", struct.pack("<f", s))[0]) for t, s in pieces]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=True))
    return finish(tokenizer, eos=True), [t for t, _ in pieces], [s for _, s in pieces]


def main():
    common = EXTRA + [t[:200] for t in strings.make(12000)[::12000 // STRINGS]]
    for make in (llama, t5):
        # `tokenizers` finds byte tokens in the text of a unigram model; SentencePiece does not.
        texts = [t for t in common if make is llama or "<0x" not in t]
        tokenizer, tokens, scores = make()
        folder = small.OUT / f"gguf_{make.__name__}"
        folder.mkdir(parents=True, exist_ok=True)
        write_gguf(folder / "model.gguf", make.__name__, tokens, scores,
                   [type_of(t) for t in tokens])
        with (folder / "golden.jsonl").open("w") as out:
            for text in texts:
                full = tokenizer.encode(text).ids
                row = dict(text=text, ids=tokenizer.encode(text, add_special_tokens=False).ids,
                           full=full, decoded=tokenizer.decode(full))
                out.write(json.dumps(row, separators=(",", ":")) + "\n")


main()
