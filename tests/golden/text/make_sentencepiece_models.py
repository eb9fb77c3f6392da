"""Trains small SentencePiece models and writes the tokens that SentencePiece finds in varied texts.

    python tests/golden/text/make_sentencepiece_models.py     (needs sentencepiece)

Writes tests/golden/text/small/spm_KIND/tokenizer.model and golden.jsonl with the keys text and ids.
`unigram` normalizes by a table and removes extra spaces, as T5 does. `bpe` does neither and falls
back to bytes, as Llama does. `suffix` has the mark of a space behind words.
"""
import io
import json
import tempfile

import sentencepiece

import make_small_tokenizers as small
import strings

STRINGS = 150
RULES = {"ﬁ": "fi", "½": "1⁄2", "\t": " ", "\n": " ", "\u3000": " ", "\u00a0": " ", "\u200b": "",
         "e\u0301": "é", "Ⅷ": "VIII", "¨": " \u0308", "１": "1"}
EXTRA = ["", " ", "   ", "  lead", "trail  ", "▁", "a▁b", "½ ﬁ Ⅷ", "¨x", "a\u3000b", "<s>", "<ctl>",
         " <0x0A>", "e\u0301t\u00e9", "\u200b\u200ba\u200b", "a \u200b b"]
KINDS = {
    "unigram": dict(model_type="unigram", vocab_size=400, control_symbols=["<ctl>"]),
    "bpe": dict(model_type="bpe", vocab_size=620, byte_fallback=True,
                normalization_rule_name="identity", remove_extra_whitespaces=False,
                control_symbols=["<ctl>"]),
    "suffix": dict(model_type="unigram", vocab_size=300, treat_whitespace_as_suffix=True,
                   normalization_rule_name="identity"),
}


def rules(file):
    for source, target in RULES.items():
        points = ["".join(f" {ord(c):X}" for c in text).strip() for text in (source, target)]
        file.write("\t".join(points) + "\n")
    file.flush()


def main():
    texts = EXTRA + [t[:200].replace("\0", "") for t in strings.make(12000)[::12000 // STRINGS]]
    for kind, options in KINDS.items():
        folder = small.OUT / f"spm_{kind}"
        folder.mkdir(parents=True, exist_ok=True)
        model = io.BytesIO()
        with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
            rules(file)
            if "normalization_rule_name" not in options:
                options["normalization_rule_tsv"] = file.name
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(small.CORPUS), model_writer=model, minloglevel=2,
                hard_vocab_limit=False, **options)
        (folder / "tokenizer.model").write_bytes(model.getvalue())
        processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
        with (folder / "golden.jsonl").open("w") as out:
            for text in texts:
                row = dict(text=text, ids=processor.encode(text))
                out.write(json.dumps(row, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
