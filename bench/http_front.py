"""Compares streams over HTTP (OpenAI's server-sent events) with streams over gRPC, in turns.

Both play the same requests to one daemon: greedy, the same prompts, the same number of tokens. The
clients are assay-grpc-bench (C++) and a Python program that waits on all sockets at once.

    python bench/http_front.py --bin build/release/bin --model MODEL.gguf [--rounds 5]
"""
import argparse
import json
import pathlib
import re
import selectors
import socket
import statistics
import time

from serving.daemon import Daemon
from serving.player import Player
from serving.words import Prompts

STREAMS = (1, 16, 64)
NEW_TOKENS, PROMPT_TOKENS = 128, 16
READ_BYTES = 1 << 16
END = b"data: [DONE]"


class SseClient:
    """Sends all requests at once and reads until each stream has ended. Connections are kept."""

    def __init__(self, url, streams):
        host, port = url.removeprefix("http://").rsplit(":", 1)
        self.sockets = [socket.create_connection((host, int(port))) for _ in range(streams)]

    def close(self):
        for one in self.sockets:
            one.close()

    def play(self, prompts):
        """Returns the seconds until the last stream has ended."""
        start = time.monotonic()
        waiting = selectors.DefaultSelector()
        for one, prompt in zip(self.sockets, prompts):
            body = json.dumps({"model": "m", "prompt": prompt, "max_tokens": NEW_TOKENS,
                               "ignore_eos": True, "stream": True}).encode()
            one.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: "
                        + str(len(body)).encode() + b"\r\n\r\n" + body)
            waiting.register(one, selectors.EVENT_READ, bytearray())
        left = len(prompts)
        while left:
            for key, _ in waiting.select():
                part = key.fileobj.recv(READ_BYTES)
                key.data.extend(part)
                if not part or b"HTTP/1.1 200" not in key.data[:20]:
                    raise RuntimeError(f"the server said {bytes(key.data[:500])}")
                # The chunk that ends the body comes after the event.
                if END in key.data[-100:] and key.data.endswith(b"0\r\n\r\n"):
                    waiting.unregister(key.fileobj)
                    left -= 1
        return time.monotonic() - start


def play_grpc(player, prompts):
    plan = [{"at": 0.0, "request": {"model": "m", "prompt": prompt, "raw": True,
                                    "max_new_tokens": NEW_TOKENS, "ignore_end_of_text": True}}
            for prompt in prompts]
    return max(one["end"] for one in player.play_all_ok(plan)["outcomes"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    entry = {"id": "m", "source": {"file": str(args.model.absolute())}, "draft_tokens": 0}
    texts = Prompts(1)
    with Daemon(args.bin / "assayd", [entry], args.threads, {"max_waiting": max(STREAMS)},
                http={"listen": "127.0.0.1:0"}) as daemon:
        url = re.search(r" http=\"?(http://[^\s\"]+)", daemon.log()).group(1)
        with Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as player:
            for streams in STREAMS:
                client = SseClient(url, streams)
                ratios, rates = [], []
                for round_number in range(args.rounds + 1):
                    prompts = [texts.with_tokens(PROMPT_TOKENS) for _ in range(streams)]
                    # Each goes first in every other round; the first round warms up.
                    if round_number % 2:
                        grpc, sse = play_grpc(player, prompts), client.play(prompts)
                    else:
                        sse, grpc = client.play(prompts), play_grpc(player, prompts)
                    if round_number:
                        ratios.append(grpc / sse)
                        rates.append((NEW_TOKENS * streams / sse, NEW_TOKENS * streams / grpc))
                client.close()
                print(f"{streams:3} streams: SSE {statistics.median(r[0] for r in rates):.0f} "
                      f"tokens/s, gRPC {statistics.median(r[1] for r in rates):.0f} tokens/s, ratio "
                      f"{statistics.median(ratios):.3f} (from {min(ratios):.3f} to "
                      f"{max(ratios):.3f})", flush=True)


if __name__ == "__main__":
    main()
