"""Compares lm_eval and assayd on the same multiple-choice items and the same text.

    python3 -m venv /tmp/lm-eval
    /tmp/lm-eval/bin/pip install "lm_eval[hf]" gguf grpcio grpcio-tools
    /tmp/lm-eval/bin/python tests/integration/lm_eval_compare.py \
        --assayd build/release/bin/assayd --model var/models/smollm2-135m-instruct-q4_1.gguf

lm_eval runs transformers on the GGUF's weights, dequantized to fp32. assayd runs the file twice:
with `weights: full` (the same fp32 weights), which must give the same choice for every item and
log-likelihoods within 0.01, and with the default settings, whose difference is printed. Exits with
1 if the first comparison fails and with 77 (skipped) if lm_eval is not installed.
"""
import argparse
import json
import math
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOLERANCE = 1e-2
SKIPPED = 77


def export_model(gguf_file, folder):
    """Exports the GGUF through transformers to a folder that lm_eval loads."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    gguf_file = pathlib.Path(gguf_file).resolve()
    tokenizer = AutoTokenizer.from_pretrained(gguf_file.parent, gguf_file=gguf_file.name)
    model = AutoModelForCausalLM.from_pretrained(gguf_file.parent, gguf_file=gguf_file.name,
                                                 dtype=torch.float32)
    # transformers does not save a model that was loaded from GGUF.
    config = model.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    plain.load_state_dict(model.state_dict())
    tokenizer.save_pretrained(folder)
    plain.save_pretrained(folder)


def write_tasks(folder, items, text):
    """Writes lm_eval tasks for the given items and text."""
    (folder / "items.jsonl").write_text("".join(json.dumps({"context": i["context"],
                                                            "choices": [
                                                                c.lstrip() for c in i["choices"]],
                                                            "answer": i["answer"]}) + "\n"
                                                for i in items))
    (folder / "text.jsonl").write_text(json.dumps({"page": text}) + "\n")
    (folder / "facts.yaml").write_text(f"""task: assay_facts
dataset_path: json
dataset_kwargs:
  data_files: {{ test: {folder}/items.jsonl }}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{context}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: answer
target_delimiter: " "
metric_list: [{{ metric: acc }}, {{ metric: acc_norm }}, {{ metric: acc_bytes }}]
""")
    (folder / "text.yaml").write_text(f"""task: assay_text
dataset_path: json
dataset_kwargs:
  data_files: {{ test: {folder}/text.jsonl }}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{{{page}}}}"
metric_list:
  - {{ metric: word_perplexity }}
  - {{ metric: byte_perplexity }}
  - {{ metric: bits_per_byte }}
""")


def by_lm_eval(folder, context):
    import lm_eval
    from lm_eval.tasks import TaskManager
    results = lm_eval.simple_evaluate(model="hf",
                                      model_args={"pretrained": str(folder / "model"),
                                                  "dtype": "float32", "max_length": context,
                                                  "device": "cpu"},
                                      tasks=["assay_facts", "assay_text"],
                                      task_manager=TaskManager(include_path=str(folder),
                                                               include_defaults=False),
                                      batch_size=1, log_samples=True, bootstrap_iters=0)
    samples = sorted(results["samples"]["assay_facts"], key=lambda s: s["doc_id"])
    likelihoods = [[float(r[0][0]) for r in s["resps"]] for s in samples]
    return {"likelihoods": likelihoods, "acc": results["results"]["assay_facts"]["acc,none"],
            "acc_norm": results["results"]["assay_facts"]["acc_norm,none"],
            "acc_bytes": results["results"]["assay_facts"]["acc_bytes,none"],
            "bits_per_byte": results["results"]["assay_text"]["bits_per_byte,none"]}


def stubs(folder):
    from grpc_tools import protoc
    protos = [str(p.relative_to(ROOT / "proto")) for p in (ROOT / "proto/assay/v1").glob("*.proto")]
    include = str(pathlib.Path(protoc.__file__).parent / "_proto")
    protoc.main(["protoc", f"-I{ROOT}/proto", f"-I{include}", f"--python_out={folder}",
                 f"--grpc_python_out={folder}", *protos])
    sys.path.insert(0, str(folder))
    from assay.v1 import inference_pb2, inference_pb2_grpc
    return inference_pb2, inference_pb2_grpc


def by_assayd(options, folder, items, text, context):
    import grpc
    messages, service = stubs(folder)
    (folder / "models.yaml").write_text(json.dumps({"models": [{"id": "full",
                                                                "source": {"file": str(pathlib.Path(
                                                                    options.model).resolve())},
                                                                "weights": "full",
                                                                "context_length": context},
                                                               {"id": "served",
                                                                "source": {"file": str(pathlib.Path(
                                                                    options.model).resolve())},
                                                                "context_length": context}]}))
    (folder / "assayd.yaml").write_text(json.dumps({
        "listen": "127.0.0.1:0", "catalog": "models.yaml", "state_dir": str(folder / "state"),
        "metrics": {"listen": ""}}))
    daemon = subprocess.Popen([options.assayd, "--config", str(folder / "assayd.yaml")],
                              stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True)
    try:
        for line in daemon.stdout:
            if found := re.search(r"ready listen=(\S+)", line):
                break
        client = service.InferenceServiceStub(grpc.insecure_channel(found.group(1)))
        results = {}
        for model in ("full", "served"):
            likelihoods = []
            for item in items:
                reply = client.Likelihood(messages.LikelihoodRequest(model=model,
                                                                     context=item["context"],
                                                                     continuations=item["choices"]),
                                          timeout=300)
                likelihoods.append([one.log_likelihood for one in reply.likelihoods])
            whole = client.Likelihood(messages.LikelihoodRequest(model=model, text=text),
                                      timeout=300).likelihoods[0]
            results[model] = {"likelihoods": likelihoods, "text": whole.log_likelihood,
                              "tokens": whole.tokens}
        return results
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=300)


def best(likelihoods):
    return likelihoods.index(max(likelihoods))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assayd", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--items", default=ROOT / "deploy/plans/standard/facts.jsonl")
    parser.add_argument("--text", default=ROOT / "docs/ARCHITECTURE.md")
    parser.add_argument("--context", type=int, default=1024)
    options = parser.parse_args()
    try:
        import lm_eval  # noqa: F401
    except ImportError:
        print("skipped: lm_eval is not installed")
        return SKIPPED
    items = [json.loads(line) for line in pathlib.Path(options.items).read_text().splitlines()]
    # transformers ignores the pre-tokenizer of a GGUF, which splits numbers.
    text = re.sub(r"[0-9]", "", pathlib.Path(options.text).read_text())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        export_model(options.model, folder / "model")
        write_tasks(folder, items, text)
        theirs = by_lm_eval(folder, options.context)
        ours = by_assayd(options, folder, items, text, options.context)
    count = len(items)
    size = len(text.encode())
    print(f"{count} items, {sum(len(i['choices']) for i in items)} choices; a text of "
          f"{ours['full']['tokens']} tokens")
    print(f"lm_eval (transformers, fp32): accuracy {theirs['acc']:.4f}, bits per byte "
          f"{theirs['bits_per_byte']:.6f}")
    good = True
    for model in ("full", "served"):
        likelihoods = ours[model]["likelihoods"]
        accuracy = sum(best(own) == item["answer"] for own, item in zip(likelihoods, items)) / count
        same = sum(
            best(own) == best(other) for own, other in zip(likelihoods, theirs["likelihoods"]))
        largest = max(abs(a - b) for own, other in zip(likelihoods, theirs["likelihoods"])
                      for a, b in zip(own, other))
        bits = -ours[model]["text"] / size / math.log(2)
        print(f"assayd, {model}: accuracy {accuracy:.4f}, the same choice in {same} of {count}, "
              f"largest difference of a log-likelihood {largest:.6f}, bits per byte {bits:.6f}")
        if model == "full":
            good = accuracy == theirs["acc"] and largest <= TOLERANCE and abs(
                bits - theirs["bits_per_byte"]) < 1e-4
    print("equal" if good else "NOT EQUAL")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
