"""Compares how Assay and transformers encode conversations, over the special tokens of families.

    python tests/golden/chats/compare_chats.py --probe build/release/bin/engine_probe [--chats 40]

For each family of families.py it makes a folder with a random model of one layer. Checked:

1. Each special token in each field of a request stays text: the tokens are those of transformers
   with sanitize_control_tokens, and the special ones among them are those of the template alone.
2. With parse_special the tokens are those of transformers without it.
3. Parts of special tokens at the ends of fields, which transformers does not sanitize, make no
   special token either.
4. With several templates, tools choose `tool_use`, and a name chooses its template.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import bytes_to_unicode

from families import FAMILIES

BYTES = 256
TOOLS_TEMPLATE = "T{{ tools | tojson }}{% for m in messages %}{{ m.content }}{% endfor %}"


def make_folder(folder, family):
    vocabulary = {character: byte for byte, character in bytes_to_unicode().items()}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in family["tokens"]])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=family["tokens"][0],
                                   eos_token=family["tokens"][1])
    fast.chat_template = {"default": family["template"], "tool_use": TOOLS_TEMPLATE,
                          "rag": "R{{ messages[0].content }}"}
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(
        vocab_size=BYTES + len(family["tokens"]), hidden_size=32, intermediate_size=32,
        num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=65536,
        bos_token_id=None, eos_token_id=None)).save_pretrained(folder)


def conversation(text):
    """Returns a request with text() in every field, in the terms of transformers."""
    return {
        "messages": [
            {"role": "system", "content": text()},
            {"role": "user", "content": [{"type": "text", "text": text()},
                                         {"type": "text", "text": text()}]},
            {"role": "assistant", "content": text(), "reasoning_content": text(),
             "tool_calls": [{"type": "function",
                             "function": {"name": text(), "arguments": {"a": text()}}}]},
            {"role": "tool", "content": text(), "name": text(), "tool_call_id": text()},
            {"role": "user", "content": text()}],
        "tools": [{"type": "function",
                   "function": {"name": text(), "description": text(),
                                "parameters": {"type": "object", "properties": {}}}}],
        "documents": [{"title": text(), "text": text()}],
        "date_string": text()}


def reference(tokenizer, chat, sanitize, template="default"):
    return tokenizer.apply_chat_template(
        chat["messages"], tools=chat["tools"], documents=chat["documents"],
        date_string=chat["date_string"], chat_template=template, add_generation_prompt=True,
        tokenize=True, return_dict=False, sanitize_control_tokens=sanitize)


def request(chat, **more):
    return {"op": "tokenize", "messages": chat["messages"], "tools": chat["tools"],
            "variables": {"documents": chat["documents"], "date_string": chat["date_string"]},
            "chat_template": "default", **more}


class Probe:
    def __init__(self, binary, folder):
        self.process = subprocess.Popen([binary, "--model", folder], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer.get("tokens", answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def special(tokens):
    return [token for token in tokens if token >= BYTES]


class Check:
    def __init__(self):
        self.count = 0
        self.failed = []

    def equal(self, what, got, expected):
        self.count += 1
        if got != expected:
            self.failed.append(f"{what}: got {got}, expected {expected}")


def pieces(tokens, rng):
    """Returns a part of a special token that another field could complete."""
    token = rng.choice(tokens)
    cut = rng.randrange(1, len(token))
    return rng.choice([token[:cut], token[cut:], token[:cut] + " ", " " + token[cut:]])


def compare(name, family, probe, tokenizer, rng, chats, check):
    tokens = family["tokens"]
    plain = conversation(lambda: "x")
    own = special(reference(tokenizer, plain, False))
    for token in tokens:
        chat = conversation(lambda: f"a{token}b")
        got = probe.ask(request(chat))
        check.equal(f"{name} {token} stays text", got, reference(tokenizer, chat, True))
        check.equal(f"{name} {token} adds none", special(got), own)
        check.equal(f"{name} {token} parsed", probe.ask(request(chat, parse_special=True)),
                    reference(tokenizer, chat, False))
    words = ["hi", " ", "\n", "<", "|", ">", "世界", "\ufdd0", "[", "é"]
    for number in range(chats):
        chat = conversation(lambda: "".join(
            rng.choice(words + tokens) for _ in range(rng.randrange(1, 6))))
        got = probe.ask(request(chat))
        check.equal(f"{name} chat {number} adds none", special(got), own)
        chat = conversation(lambda: pieces(tokens, rng))
        check.equal(f"{name} pieces {number} add none", special(probe.ask(request(chat))), own)
    check.equal(f"{name} tool_use", probe.ask(request(plain, chat_template="")),
                reference(tokenizer, plain, False, None))
    check.equal(f"{name} rag", probe.ask(request(plain, chat_template="rag")),
                reference(tokenizer, plain, False, "rag"))
    check.equal(f"{name} unknown template",
                "no chat template named 'rug'" in str(probe.ask(request(plain, chat_template="rug"))),
                True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--probe", required=True)
    parser.add_argument("--chats", type=int, default=20, help="random conversations per family")
    arguments = parser.parse_args()
    check = Check()
    rng = random.Random(7)
    for name, family in FAMILIES.items():
        with tempfile.TemporaryDirectory() as folder:
            make_folder(pathlib.Path(folder), family)
            probe = Probe(arguments.probe, folder)
            compare(name, family, probe, AutoTokenizer.from_pretrained(folder), rng,
                    arguments.chats, check)
            probe.close()
    for failure in check.failed[:10]:
        print(failure[:600])
    print(f"{check.count} comparisons over {len(FAMILIES)} families, {len(check.failed)} differ")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
