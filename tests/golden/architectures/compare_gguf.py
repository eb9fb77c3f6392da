"""Our reading of GGUF files that llama.cpp's own converter made, against transformers' logits of the original.

    python tests/golden/architectures/compare_gguf.py --llama-cpp DIR --checkpoints DIR --probe build/release/bin/engine_probe

DIR of llama.cpp: a source tree (llama-cpp-python's source package holds one under vendor/). The checkpoints are those of
make_checkpoints.py. Converts each to fp32 GGUF in a temporary folder, prints the greatest difference of the prompt's
logits, exits 1 if one is above 1e-4. Needs torch, transformers, sentencepiece, numpy. Cases that the converter refuses are named, and so are those
whose meaning its files cannot hold: windows of Mistral and Qwen 2, dynamic scaling, grouped heads of Phi-2, a
scale of scores or an activation of their own, GPT-2's n_inner.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy

TOLERANCE = 1e-4
NOT_IN_GGUF = {"mistral", "qwen2_window", "llama_dynamic", "phi", "gemma2", "gpt2_inverse_layers", "gpt_neox_sequential"}
CONVERT = """
import sys
sys.path.insert(0, {root!r}); sys.path.insert(0, {root!r} + "/gguf-py")
import json
import conversion.base
import conversion.phi
text = conversion.base.TextModel
# The checkpoints' tokenizer is GPT-2's kind whatever the architecture, and unknown to the converter.
text.get_vocab_base_pre = lambda self, tokenizer: "gpt-2"
text._set_vocab_sentencepiece = text._set_vocab_gpt2
conversion.phi.Phi3MiniModel.set_vocab = text._set_vocab_gpt2
# The file's own words, not those of the installed transformers.
conversion.base.ModelBase.load_hparams = staticmethod(
    lambda folder, is_mistral_format=False: json.load(open(folder / "config.json")))
import convert_hf_to_gguf
convert_hf_to_gguf.main()
"""


def write_legacy(folder, copy):
    """The checkpoint in the words of the older transformers that the converter knows."""
    shutil.copytree(folder, copy)
    (copy / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
    config = json.loads((copy / "config.json").read_text())
    rope = config.get("rope_parameters") or {}
    if config["model_type"] == "gpt2":
        config["n_ctx"] = config["n_positions"]
    if config["model_type"] == "gpt_neox":
        config["rotary_pct"] = rope["partial_rotary_factor"]
    if config["model_type"] == "falcon" and not config["new_decoder_architecture"]:
        del config["num_kv_heads"]
    (copy / "config.json").write_text(json.dumps(config))


def convert(root, folder, out):
    with tempfile.TemporaryDirectory() as temporary:
        copy = pathlib.Path(temporary) / folder.name
        write_legacy(folder, copy)
        done = subprocess.run([sys.executable, "-c", CONVERT.format(root=str(root)), str(copy), "--outtype", "f32",
                               "--outfile", str(out)], capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def our_logits(probe, model, tokens):
    done = subprocess.run([probe, "--model", str(model)], text=True, capture_output=True,
                          input=json.dumps({"op": "logits", "tokens": tokens}) + "\n")
    if done.returncode != 0:
        return done.stderr.strip()
    answer = json.loads(done.stdout)
    return numpy.array(answer["logits"], dtype=numpy.float32) if "logits" in answer else answer["error"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--llama-cpp", required=True, type=pathlib.Path)
    parser.add_argument("--checkpoints", required=True, type=pathlib.Path)
    parser.add_argument("--probe", required=True)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--keep", type=pathlib.Path, help="write the GGUF files here")
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        keep = args.keep or pathlib.Path(temporary)
        keep.mkdir(exist_ok=True)
        for folder in sorted(args.checkpoints.iterdir()):
            if args.only and folder.name not in args.only:
                continue
            if folder.name in NOT_IN_GGUF:
                print(f"{folder.name:24} GGUF files of it lose a part of its meaning", flush=True)
                continue
            golden = json.loads((folder / "golden.json").read_text())
            model = keep / f"{folder.name}.gguf"
            problem = convert(args.llama_cpp, folder, model)
            if problem is not None:
                print(f"{folder.name:24} not converted: {problem[:150]}", flush=True)
                continue
            ours = our_logits(args.probe, model, golden["prompt"])
            if isinstance(ours, str):
                print(f"{folder.name:24} not read: {ours[:200]}", flush=True)
                failed += 1
                continue
            theirs = numpy.fromfile(folder / "prefill.f32", dtype="<f4").reshape(ours.shape)
            difference = float(numpy.abs(ours - theirs).max())
            failed += difference > TOLERANCE
            print(f"{folder.name:24} {difference:.2e}", flush=True)
    return 1 if failed else 0


sys.exit(main())
