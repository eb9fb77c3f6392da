"""Measures the speed and memory of one peer; prints one JSON line like bin/assay-bench.

Usage: peers.py llama.cpp --model m.gguf --threads 2 --repeats 5
       peers.py openvino-genai --model m.gguf

decode1, decode4, decode16: tokens/s of 1, 4 or 16 concurrent streams after prompts of 64 tokens.
prefill32, prefill256, prefill1000: prompt tokens/s for a new prompt.
rewrite1, rewrite1_plain: tokens/s of the answer to --rewrite, with and without prompt lookup.
load_s, reload_s: seconds of the first load and of loads after an unload.

Decoding is greedy. Each metric is a list with one value per repeat, measured after a warm-up run.
Metrics that the peer does not support are absent.
"""
import argparse
import json
import pathlib
import time

STREAM_PROMPT = 64
STREAM_TOKENS = 192
CONTEXT = 2048
FILL = 2000
PREFILLS = (32, 256, 1000)
REWRITE_TOKENS = 256
CPU_DRAFT_TOKENS = 2


def resident_mib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


class LlamaCpp:
    """Calls llama.cpp's C functions; within a step, Python only chooses the most likely token."""

    def __init__(self, path, threads):
        import llama_cpp
        import numpy
        self.lib, self.numpy, self.path, self.threads, self.first = (llama_cpp, numpy, path,
                                                                     threads, 100)
        llama_cpp.llama_backend_init()
        before, start = resident_mib(), time.monotonic()
        self.model = llama_cpp.llama_model_load_from_file(path.encode(),
                                                          llama_cpp.llama_model_default_params())
        context = self.context(CONTEXT, 1)
        self.facts = {"load_s": time.monotonic() - start, "loaded_mib": resident_mib() - before}
        self.vocab = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))
        self.prefill_streams(context, FILL, 1)
        self.facts["filled_mib"] = resident_mib() - before
        llama_cpp.llama_free(context)

    def context(self, tokens, streams):
        params = self.lib.llama_context_default_params()
        params.n_ctx, params.n_seq_max = tokens * streams, streams
        params.n_batch, params.n_ubatch = CONTEXT, 512
        params.n_threads = params.n_threads_batch = self.threads
        return self.lib.llama_init_from_model(self.model, params)

    def prefill_streams(self, context, length, streams):
        """Prefills one prompt per stream and returns the seconds it took."""
        batch = self.lib.llama_batch_init(length * streams, 0, streams)
        for stream in range(streams):
            self.first += 37
            for i in range(length):
                n = stream * length + i
                batch.token[n], batch.pos[n], batch.n_seq_id[n] = (self.first + i) % 40000, i, 1
                batch.seq_id[n][0], batch.logits[n] = stream, i == length - 1
        batch.n_tokens = length * streams
        start = time.monotonic()
        self.lib.llama_decode(context, batch)
        self.lib.llama_synchronize(context)
        seconds = time.monotonic() - start
        self.lib.llama_batch_free(batch)
        return seconds

    def prefill(self, length):
        context = self.context(CONTEXT, 1)
        seconds = self.prefill_streams(context, length, 1)
        self.lib.llama_free(context)
        return length / seconds

    def reload(self):
        self.lib.llama_model_free(self.model)
        start = time.monotonic()
        self.model = self.lib.llama_model_load_from_file(self.path.encode(),
                                                         self.lib.llama_model_default_params())
        context = self.context(CONTEXT, 1)
        seconds = time.monotonic() - start
        self.lib.llama_free(context)
        return seconds

    def rewrite(self, text, prompt_lookup):
        """Measures the Python class, because only that supports prompt lookup.

        Uses the number of draft tokens that its authors recommend for a CPU.
        """
        from llama_cpp.llama_speculative import LlamaPromptLookupDecoding
        draft = LlamaPromptLookupDecoding(
            num_pred_tokens=CPU_DRAFT_TOKENS) if prompt_lookup else None
        model = self.lib.Llama(self.path, n_ctx=CONTEXT, n_threads=self.threads,
                               n_threads_batch=self.threads, draft_model=draft, verbose=False)
        times = []
        for _ in model.create_chat_completion([{"role": "user", "content": text}],
                                              max_tokens=REWRITE_TOKENS, temperature=0.0,
                                              stream=True):
            times.append(time.monotonic())
        model.close()
        # The first event contains the role, the last one the finish reason.
        return (len(times) - 3) / (times[-2] - times[1])

    def decode(self, streams):
        context = self.context(STREAM_PROMPT + STREAM_TOKENS + 8, streams)
        # All prompts must fit into one batch.
        assert STREAM_PROMPT * streams <= CONTEXT
        self.prefill_streams(context, STREAM_PROMPT, streams)
        batch = self.lib.llama_batch_init(streams, 0, streams)
        tokens = [500 + stream for stream in range(streams)]
        start = time.monotonic()
        for step in range(STREAM_TOKENS):
            for stream in range(streams):
                batch.token[stream], batch.pos[stream] = tokens[stream], STREAM_PROMPT + step
                batch.n_seq_id[stream], batch.seq_id[stream][0], batch.logits[stream] = (1, stream,
                                                                                         True)
            batch.n_tokens = streams
            self.lib.llama_decode(context, batch)
            for stream in range(streams):
                logits = self.numpy.ctypeslib.as_array(
                    self.lib.llama_get_logits_ith(context, stream), shape=(self.vocab,))
                tokens[stream] = int(logits.argmax())
        seconds = time.monotonic() - start
        self.lib.llama_batch_free(batch)
        self.lib.llama_free(context)
        return streams * STREAM_TOKENS / seconds


class OpenVino:
    """Measures openvino_genai.LLMPipeline."""

    def __init__(self, path, threads):
        import numpy
        import openvino
        import openvino_genai
        self.genai, self.numpy, self.tensor, self.first = (openvino_genai, numpy, openvino.Tensor,
                                                           100)
        self.path, self.threads = path, threads
        before, start = resident_mib(), time.monotonic()
        self.pipe = openvino_genai.LLMPipeline(path, "CPU", INFERENCE_NUM_THREADS=threads)
        self.facts = {"load_s": time.monotonic() - start, "loaded_mib": resident_mib() - before}
        self.run(FILL, 1)
        self.facts["filled_mib"] = resident_mib() - before

    def run(self, prompt, new):
        config = self.genai.GenerationConfig()
        config.do_sample, config.apply_chat_template, config.ignore_eos = False, False, True
        config.max_new_tokens = config.min_new_tokens = new
        self.first += 37
        ids = self.numpy.arange(self.first, self.first + prompt, dtype=self.numpy.int64)[
            None] % 40000
        return self.pipe.generate(self.tensor(ids), config).perf_metrics

    def prefill(self, length):
        return 1000 * length / self.run(length, 1).get_ttft().mean

    def reload(self):
        del self.pipe
        start = time.monotonic()
        self.pipe = self.genai.LLMPipeline(self.path, "CPU", INFERENCE_NUM_THREADS=self.threads)
        return time.monotonic() - start

    def rewrite(self, text, prompt_lookup):
        """Not supported: prompt lookup needs continuous batching, which needs a converted model."""
        return None

    def decode(self, streams):
        if streams > 1:
            return None
        return 1000 / self.run(STREAM_PROMPT, STREAM_TOKENS).get_tpot().mean


PEERS = {"llama.cpp": LlamaCpp, "openvino-genai": OpenVino}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rewrite", type=pathlib.Path,
                        help="a text to answer, for the rewrite metrics")
    parser.add_argument("--only", default="",
                        help="run only metrics whose name starts with one of these prefixes, "
                             "separated by commas: decode1, prefill1000, reload, ...")
    args = parser.parse_args()
    only = tuple(args.only.split(","))
    peer = PEERS[args.peer](args.model, args.threads)
    measures = {f"decode{n}": (peer.decode, n) for n in (1, 4, 16)} | {
        f"prefill{n}": (peer.prefill, n) for n in PREFILLS}
    if args.rewrite:
        text = args.rewrite.read_text()
        measures |= {name: (lambda prompt_lookup: peer.rewrite(text, prompt_lookup), prompt_lookup)
                     for name, prompt_lookup in (("rewrite1_plain", False), ("rewrite1", True))}
    measures = {name: pair for name, pair in measures.items() if name.startswith(only)}
    results = {"peer": args.peer, **peer.facts}
    for repeat in range(args.repeats + 1):
        for name, (measure, size) in measures.items():
            value = measure(size)
            # The first repeat is the warm-up.
            if repeat > 0 and value is not None:
                results.setdefault(name, []).append(value)
    if "reload".startswith(only):
        results["reload_s"] = [peer.reload() for _ in range(args.repeats)]
    print(json.dumps(results), flush=True)


main()
