"""Compares our logits for GGUF files of llama.cpp's converter with transformers' logits.

    python tests/golden/architectures/compare_gguf.py --llama-cpp DIR --checkpoints DIR \\
        --probe build/release/bin/engine_probe

--llama-cpp is a source tree of llama.cpp (llama-cpp-python's source package has one in vendor/).
--checkpoints is the output of make_checkpoints.py. The script converts each checkpoint to fp32 GGUF
in a temporary folder and prints the maximum difference of the prompt's logits. It exits with 1 if a
difference exceeds 1e-4. It needs torch, transformers, sentencepiece and numpy.

The script names the checkpoints that the converter refuses, and those that GGUF files cannot
represent: windows of Mistral and Qwen 2, dynamic scaling, grouped heads of Phi-2, custom attention
scales or activations, and GPT-2's n_inner.
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
NOT_IN_GGUF = {"mistral", "qwen2_window", "llama_dynamic", "phi", "gemma2", "gpt2_inverse_layers",
               "gpt_neox_sequential"}
CONVERT = """
import sys
sys.path.insert(0, {root!r}); sys.path.insert(0, {root!r} + "/gguf-py")
import json
import conversion.base
import conversion.phi
text = conversion.base.TextModel
# All checkpoints have a tokenizer like GPT-2's, which the converter does not know.
text.get_vocab_base_pre = lambda self, tokenizer: "gpt-2"
text._set_vocab_sentencepiece = text._set_vocab_gpt2
conversion.phi.Phi3MiniModel.set_vocab = text._set_vocab_gpt2
# Read the keys of the file itself, not those of the installed transformers.
conversion.base.ModelBase.load_hparams = staticmethod(
    lambda folder, is_mistral_format=False: json.load(open(folder / "config.json")))
import convert_hf_to_gguf
convert_hf_to_gguf.main()
"""


def write_legacy(folder, copy):
    """Copies a checkpoint with the keys of the older transformers that the converter expects."""
    shutil.copytree(folder, copy)
    tokenizer = {"tokenizer_class": "PreTrainedTokenizerFast"}
    (copy / "tokenizer_config.json").write_text(json.dumps(tokenizer))
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
        command = [sys.executable, "-c", CONVERT.format(root=str(root)), str(copy),
                   "--outtype", "f32", "--outfile", str(out)]
        done = subprocess.run(command, capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def our_logits(probe, model, tokens):
    done = subprocess.run([probe, "--model", str(model), "--kv-cache", "float32"], text=True,
                          capture_output=True,
                          input=json.dumps({"op": "logits", "tokens": tokens}) + "\n")
    if done.returncode != 0:
        return done.stderr.strip()
    answer = json.loads(done.stdout)
    if "logits" not in answer:
        return answer["error"]
    return numpy.array(answer["logits"], dtype=numpy.float32)


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
                print(f"{folder.name:24} cannot be represented in GGUF", flush=True)
                continue
            golden = json.loads((folder / "golden.json").read_text())
            model = keep / f"{folder.name}.gguf"
            problem = convert(args.llama_cpp, folder, model)
            if problem is not None:
                print(f"{folder.name:24} not converted: {problem[:150]}", flush=True)
                continue
            ours = our_logits(args.probe, model, golden["prompt"])
            if isinstance(ours, str):
                print(f"{folder.name:24} not loaded: {ours[:200]}", flush=True)
                failed += 1
                continue
            theirs = numpy.fromfile(folder / "prefill.f32", dtype="<f4").reshape(ours.shape)
            difference = float(numpy.abs(ours - theirs).max())
            failed += difference > TOLERANCE
            print(f"{folder.name:24} {difference:.2e}", flush=True)
    return 1 if failed else 0


sys.exit(main())
