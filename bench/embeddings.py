"""Compares the embeddings of assayd with transformers: milliseconds per text, alternately measured.

Usage: embeddings.py --bin build/release/bin --model var/models/all-minilm-l6-v2

Texts have about 100 words. Each round measures assayd (the daemon's own total time of a request, tokenization
included) and transformers (tokenizer, BertModel, mean pooling, normalization) one after the other on the same
threads, so that other load on the machine affects both. Prints the medians and the ratio of the medians.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import tempfile
import time

WORDS = ("we measured the quality latency and cost of every model on same prompts because a claim without an "
         "interval is only hope for small company that writes many posts each week").split()


def texts(count, seed):
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=rng.randint(90, 110))) for _ in range(count)]


class Daemon:
    def __init__(self, programs, model, threads):
        self.assay = programs / "assay"
        self.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(self.folder.name)
        (root / "models.yaml").write_text(f"models:\n  - {{ id: minilm, source: {{ file: '{model}' }} }}\n")
        (root / "assayd.yaml").write_text(
            f"listen: 127.0.0.1:0\ncatalog: {root}/models.yaml\nstate_dir: {root}/state\n"
            f"threads: {threads}\nmetrics: {{ listen: '' }}\nlog: {{ format: json }}\n")
        self.log = open(root / "log", "w+")
        self.process = subprocess.Popen([programs / "assayd", "--config", root / "assayd.yaml"],
                                        stdout=self.log, stderr=subprocess.STDOUT)
        self.address = None
        while self.address is None:
            time.sleep(0.1)
            if self.process.poll() is not None:
                raise SystemExit((root / "log").read_text())
            for line in (root / "log").read_text().splitlines():
                if '"ready"' in line:
                    self.address = json.loads(line)["listen"]

    def embed(self, batch):
        path = pathlib.Path(self.folder.name) / "texts.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in batch))
        reply = json.loads(subprocess.run(
            [self.assay, "--address", self.address, "--json", "embed", "--model", "minilm", "-f", path],
            check=True, capture_output=True, text=True).stdout)
        return reply["timings"]["totalMs"]

    def stop(self):
        self.process.terminate()
        self.process.wait()


def transformers_embedder(model, threads):
    import torch
    import transformers
    from tokenizers import Tokenizer
    torch.set_num_threads(threads)
    bert = transformers.BertModel.from_pretrained(model, add_pooling_layer=False).eval()
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()

    def embed(batch):
        start = time.perf_counter()
        with torch.inference_mode():
            encoded = tokenizer.encode_batch(batch)
            ids = torch.tensor([e.ids for e in encoded])
            mask = torch.tensor([e.attention_mask for e in encoded])
            hidden = bert(ids, attention_mask=mask).last_hidden_state
            weights = mask.unsqueeze(-1).float()
            pooled = (hidden * weights).sum(1) / weights.sum(1)
            torch.nn.functional.normalize(pooled)
        return (time.perf_counter() - start) * 1e3
    return embed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder with assayd and assay")
    parser.add_argument("--model", required=True, type=pathlib.Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    args = parser.parse_args()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    daemon = Daemon(args.bin.absolute(), args.model.absolute(), args.threads)
    try:
        embedders = {"assayd": daemon.embed, "transformers": transformers_embedder(args.model, args.threads)}
        for count in (1, 32):
            times = {name: [] for name in embedders}
            for name, embed in embedders.items():
                embed(texts(count, seed=0))
            for round_number in range(args.rounds):
                batch = texts(count, seed=round_number)
                for name, embed in embedders.items():
                    times[name].append(embed(batch) / count)
            medians = {name: statistics.median(values) for name, values in times.items()}
            ranges = {name: f"{min(values):.1f} to {max(values):.1f}" for name, values in times.items()}
            print(f"{count} texts: assayd {medians['assayd']:.1f} ms per text ({ranges['assayd']}), transformers "
                  f"{medians['transformers']:.1f} ({ranges['transformers']}), ratio "
                  f"{medians['assayd'] / medians['transformers']:.2f}", flush=True)
    finally:
        daemon.stop()


if __name__ == "__main__":
    main()
