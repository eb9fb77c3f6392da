"""Compares our greedy tokens with those of transformers on the same GGUF, dequantized to fp32.

    python tests/golden/runtime/compare_greedy.py --probe build/bin/engine_probe \
        --model MODEL.gguf [--write-golden] [--only 0 2 7]

Needs torch, transformers, accelerate and gguf. Prints one line per prompt and, at the first
difference, the logits of both tokens on both sides. A difference is a failure unless these logits
are within 1e-3 of each other. Also compares the logits after each prompt. --write-golden writes
greedy.json, the subset that ctest checks, from the tokens of transformers.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = pathlib.Path(__file__).parent
NEW_TOKENS = 64
TOLERANCE = 1e-3
GOLDEN = {"prompts": (0, 2, 7, 12), "tokens": 24}


class Probe:
    def __init__(self, binary, model):
        self.process = subprocess.Popen(
            [binary, "--model", model, "--context", "1024"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            sys.exit(f"{request}: {answer['error']}")
        return answer


def reference(model, tokenizer, case):
    if case["raw"]:
        ids = tokenizer(case["prompt"], return_tensors="pt").input_ids
    else:
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": case["prompt"]}], tokenize=False,
            add_generation_prompt=True)
        ids = tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids
    with torch.no_grad():
        prompt_logits = model(ids).logits[0, -1]
        out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False,
                             max_new_tokens=NEW_TOKENS)
    new = out[0, ids.shape[1]:].tolist()
    ends = {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<|endoftext|>")}
    while new and new[-1] in ends:
        new.pop()
    return ids[0].tolist(), new, prompt_logits


def explain(model, probe, prompt, ours, theirs):
    """Returns True if the logits of the tokens at the first difference are almost equal."""
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b),
              min(len(ours), len(theirs)))
    prefix = prompt + theirs[:at]
    with torch.no_grad():
        their_logits = model(torch.tensor([prefix])).logits[0, -1]
    our_logits = torch.tensor(probe.ask(op="logits", tokens=prefix, last_only=True)["logits"][0])
    ours_top, theirs_top = int(our_logits.argmax()), int(their_logits.argmax())
    for side, logits in (("ours", our_logits), ("transformers", their_logits)):
        print(f"    at {at}, {side}: logit[{ours_top}] = {logits[ours_top]:.6f}, "
              f"logit[{theirs_top}] = {logits[theirs_top]:.6f}")
    pair = our_logits[[ours_top, theirs_top]], their_logits[[ours_top, theirs_top]]
    return all(float((p[0] - p[1]).abs()) <= TOLERANCE for p in pair)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--probe", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--write-golden", action="store_true")
    parser.add_argument("--only", type=int, nargs="*",
                        help="indices of prompts.json; all by default")
    args = parser.parse_args()
    path = pathlib.Path(args.model)
    model = AutoModelForCausalLM.from_pretrained(
        str(path.parent), gguf_file=path.name, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    probe = Probe(args.probe, args.model)
    cases = json.loads((HERE / "prompts.json").read_text())
    chosen = args.only or range(len(cases))
    equal, failed, golden = 0, 0, []
    for index in chosen:
        case = cases[index]
        prompt, theirs, logits = reference(model, tokenizer, case)
        answer = probe.ask(op="greedy", max_new_tokens=NEW_TOKENS, prompt=case["prompt"],
                           raw=case["raw"])
        same_prompt, same = answer["prompt_tokens"] == prompt, answer["tokens"] == theirs
        ours = torch.tensor(probe.ask(op="logits", tokens=prompt, last_only=True)["logits"][0])
        error = float((ours - logits).abs().max())
        print(f"{index:2} {'equal' if same else 'DIFFERENT'} "
              f"prompt {'equal' if same_prompt else 'DIFFERENT'} "
              f"({len(prompt)} + {len(theirs)} tokens), logits differ by at most {error:.2e}: "
              f"{case['prompt'][:40]!r}", flush=True)
        equal += same
        fine = same_prompt and (same or explain(model, probe, prompt, answer["tokens"], theirs))
        failed += not fine or error > TOLERANCE
        if index in GOLDEN["prompts"]:
            golden.append({**case, "prompt_tokens": prompt,
                           "tokens": theirs[:GOLDEN["tokens"]]})
    print(f"{equal} of {len(chosen)} equal, {failed} failed")
    if args.write_golden:
        (HERE / "greedy.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")
    return 1 if failed else 0


sys.exit(main())
