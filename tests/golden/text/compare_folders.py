"""Compares Assay's tokenizer of folders with AutoTokenizer of transformers.

    python tests/golden/text/compare_folders.py PROBE [--configs 60] [--texts 40] [--seed 1]

PROBE is the built tokenizer_probe. The script makes a folder of each family with a small vocabulary,
and folders with random special tokens in tokenizer_config.json, special_tokens_map.json and
added_tokens.json. It compares texts encoded with and without special tokens, decoded texts, and the
variables of chat templates. It exits with 1 if anything differs.
"""
import argparse
import json
import os
import pathlib
import random
import sys
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers  # noqa: E402
from tokenizers import pre_tokenizers, processors, trainers  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402

import make_small_tokenizers as small  # noqa: E402
import strings  # noqa: E402
from probe import run_probe  # noqa: E402

BYTES = pre_tokenizers.ByteLevel.alphabet()
QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+")
BLOOM = r" ?[^(\s|[.,!?…。，、।۔،])]+"


def special(content, **flags):
    return AddedToken(content, special=True, normalized=False, **flags)


def byte_level(steps, tokens, normalizer=None, bos=None, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = (pre_tokenizers.Sequence(steps) if len(steps) > 1 else steps[0])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(small.CORPUS, trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=BYTES, show_progress=False))
    tokenizer.add_special_tokens([special(t) for t in tokens])
    if bos:
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single=f"{bos} $A", special_tokens=[
                (bos, tokenizer.token_to_id(bos))])])
    return tokenizer


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


PLAIN = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
GPT2 = pre_tokenizers.ByteLevel(add_prefix_space=False)


def sentencepiece(tokens, prefix=True):
    saved = json.loads(small.sentencepiece_bpe().to_str())
    saved["post_processor"] = None
    tokenizer = Tokenizer.from_str(json.dumps(saved))
    if not prefix:
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(tokens)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))])
    return tokenizer


# name: (model_type, the tokenizer, the keys of tokenizer_config.json)
def families():
    llama3 = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"]
    chat = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    phi3 = [special("<|endoftext|>"), special("<|assistant|>", rstrip=True),
            special("<|user|>", rstrip=True), special("<|end|>", rstrip=True)]
    return {
        "llama3": ("llama", byte_level([split(small.LLAMA3), PLAIN], llama3, bos=llama3[0],
                                       ignore_merges=True),
                   dict(bos_token=llama3[0], eos_token=llama3[2])),
        "mistral": ("mistral", sentencepiece([]),
                    dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>", add_bos_token=True)),
        "phi3": ("phi3", sentencepiece(phi3), dict(bos_token="<s>", eos_token="<|endoftext|>",
                                                   pad_token="<|endoftext|>", unk_token="<unk>")),
        "qwen2": ("qwen2", byte_level([split(QWEN), PLAIN], chat, normalizers.NFC()),
                  dict(bos_token=None, eos_token="<|im_end|>", pad_token="<|endoftext|>",
                       unk_token=None, additional_special_tokens=chat[1:])),
        "gemma": ("gemma2", sentencepiece([special("<bos>"), special("<eos>"), special("<pad>"),
                                           special("<mask>"), special("<start_of_turn>"),
                                           special("<end_of_turn>")], prefix=False),
                  dict(bos_token="<bos>", eos_token="<eos>", pad_token="<pad>")),
        "falcon": ("falcon", byte_level(
            [pre_tokenizers.Punctuation("contiguous"), GPT2, pre_tokenizers.Digits(False),
             split("[0-9][0-9][0-9]")], [">>TITLE<<", "<|endoftext|>"]),
            dict(eos_token="<|endoftext|>")),
        "gpt2": ("gpt2", byte_level([GPT2], ["<|endoftext|>"]),
                 dict(bos_token="<|endoftext|>", eos_token="<|endoftext|>",
                      unk_token="<|endoftext|>")),
        "bloom": ("bloom", byte_level([split(BLOOM), PLAIN], ["<unk>", "<s>", "</s>", "<pad>"]),
                  dict(bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>")),
        "opt": ("opt", byte_level([GPT2], ["<s>", "<pad>", "</s>"], bos="</s>"),
                dict(bos_token="</s>", eos_token="</s>", pad_token="<pad>", unk_token="</s>")),
        "gpt_neox": ("gpt_neox", byte_level([GPT2], ["<|endoftext|>", "<|padding|>"],
                                            normalizers.NFC()),
                     dict(bos_token="<|endoftext|>", eos_token="<|endoftext|>",
                          unk_token="<|endoftext|>")),
        "stablelm": ("stablelm", byte_level([split(QWEN), PLAIN], chat, normalizers.NFC()),
                     dict(bos_token="<|endoftext|>", eos_token="<|endoftext|>")),
        "smollm3": ("smollm3", byte_level([split(small.LLAMA3), PLAIN], llama3 + chat[1:],
                                          ignore_merges=True),
                    dict(bos_token=None, eos_token="<|im_end|>", pad_token="<|im_end|>")),
        "unigram": ("t5", small.unigram(), dict(eos_token="</s>", unk_token="<unk>")),
    }


def save(folder, model_type, tokenizer, config):
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", **config}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}))


NAMES = ["bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "image_token"]
CONTENTS = ["<s>", "</s>", "<pad>", "<unk>", "<|im_end|>", "<|new|>", "a", "the", "<image>"]


def flags(rng, content):
    out = {"content": content}
    for key in ("lstrip", "rstrip", "single_word", "normalized", "special"):
        if rng.random() < 0.8:
            out[key] = rng.random() < 0.4
    return out


def random_folder(folder, rng):
    for file in folder.glob("*"):
        file.unlink()
    tokenizer = byte_level([GPT2], ["<s>", "</s>"])
    if rng.random() < 0.5:
        tokenizer.add_tokens([AddedToken("<|im_end|>", normalized=False, special=False)])
    config = {}
    for name in NAMES:
        if rng.random() < 0.5:
            value = rng.choice(CONTENTS + [None])
            if value and rng.random() < 0.3:
                value = {"__type": "AddedToken", **flags(rng, value)}
            config[name] = value
    first = tokenizer.get_vocab_size() - 3
    if rng.random() < 0.6:
        config["added_tokens_decoder"] = {
            str(first + i): flags(rng, c)
            for i, c in enumerate(rng.sample(CONTENTS, rng.randint(0, 5)))}
    if rng.random() < 0.4:
        config["extra_special_tokens"] = rng.choice(
            [rng.sample(CONTENTS, 2), {"audio_token": rng.choice(CONTENTS)}, []])
    elif rng.random() < 0.4:
        config["additional_special_tokens"] = rng.sample(CONTENTS, 2)
    for key in ("split_special_tokens", "add_bos_token", "add_eos_token",
                "clean_up_tokenization_spaces"):
        if rng.random() < 0.25:
            config[key] = rng.random() < 0.5
    save(folder, "llama", tokenizer, config)
    if rng.random() < 0.4:
        (folder / "special_tokens_map.json").write_text(json.dumps({
            name: rng.choice([rng.choice(CONTENTS), {**flags(rng, rng.choice(CONTENTS))}])
            for name in rng.sample(NAMES, 2)}))
    if rng.random() < 0.4:
        (folder / "added_tokens.json").write_text(json.dumps(
            {c: first + 3 + i for i, c in enumerate(rng.sample(CONTENTS, 2))}))


def compare(probe, folder, texts):
    """Returns the number of answers and the differences, or None if transformers refuses."""
    try:
        reference = AutoTokenizer.from_pretrained(str(folder))
    except Exception:  # transformers refuses in many ways.
        return None
    pairs = [({"template_tokens": True}, {"template_tokens": reference.special_tokens_map})]
    for text in texts:
        for around in (False, True):
            ids = reference(text, add_special_tokens=around)["input_ids"]
            pairs.append(({"encode": text, "add_special": around}, {"ids": ids}))
        for skip in (False, True):
            pairs.append(({"decode": ids, "skip_special": skip},
                          {"text": reference.decode(ids, skip_special_tokens=skip)}))
    answers = run_probe(probe, folder, [request for request, _ in pairs])
    if isinstance(answers, str):
        return len(pairs), [("load", "loads", answers)]
    return len(pairs), [(json.dumps(r, ensure_ascii=False)[:150], e, g)
                        for (r, e), g in zip(pairs, answers) if e != g]


def report(name, result, folder):
    count, differences = result
    print(f"{name}: {count} pairs, {len(differences)} differ", flush=True)
    for what, expected, got in differences[:2]:
        print(f"    {what}\n      expected {str(expected)[:300]}\n      got      {str(got)[:300]}")
    if differences:
        for file in sorted(folder.glob("*.json")):
            if file.name not in ("tokenizer.json", "config.json"):
                print(f"      {file.name}: {file.read_text()[:900]}")
    return bool(differences)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--configs", type=int, default=60)
    parser.add_argument("--texts", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shown", type=int, default=4)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    pool = [t[:160] for t in strings.make(6000)[13:]]
    marks = CONTENTS + ["<|user|>", "<|end|>", "<|endoftext|>", " ", "\n", "hi", "a"]
    own = lambda: ["".join(rng.choices(marks, k=8)) for _ in range(12)]  # noqa: E731
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for family, (model_type, tokenizer, config) in families().items():
            save(root / family, model_type, tokenizer, config)
            result = compare(args.probe, root / family, rng.sample(pool, args.texts) + own())
            failed += result is None or report(family, result, root / family)
        pairs = differing = folders = 0
        for i in range(args.configs):
            folder = root / "random"
            folder.mkdir(exist_ok=True)
            random_folder(folder, random.Random(f"{args.seed} {i}"))
            result = compare(args.probe, folder, rng.sample(pool, 6) + own())
            if result is None:
                continue
            folders += 1
            pairs += result[0]
            if result[1]:
                differing += 1
                if differing <= args.shown:
                    report(f"random {i}", result, folder)
        print(f"random: {folders} folders, {pairs} pairs; {differing} folders differ")
        failed += differing
    return 1 if failed else 0


sys.exit(main())
