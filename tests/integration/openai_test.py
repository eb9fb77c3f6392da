"""Talks to a real assayd with OpenAI's own Python client, and with raw HTTP where it cannot.

Usage: openai_test.py --assayd BINARY --assay BINARY (run by ctest). Exits with 77 (skipped) if the
model or a package is missing.
"""
import argparse
import asyncio
import http.client
import json
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import unittest

SKIPPED = 77
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(pathlib.Path(__file__).parent)]
try:
    import openai
    from patience import patience
    from serving.daemon import Daemon
except ModuleNotFoundError as missing:
    print(f"openai_test: skipped: {missing}", file=sys.stderr)
    sys.exit(SKIPPED)

MODEL = ROOT / "var/models/smollm2-135m-instruct-q4_1.gguf"
ENCODER = ROOT / "var/models/all-minilm-l6-v2"
PATIENCE = patience(60)
# A prompt that the model continues until it reaches the limit.
COUNTING = ", ".join(str(number) for number in range(1, 20)) + ","
QUESTION = [{"role": "user", "content": "Say hello."}]
ARGS = None


def models():
    found = [{"id": "m", "source": {"file": str(MODEL)}}]
    if ENCODER.exists():
        found.append({"id": "encoder", "source": {"file": str(ENCODER)}})
    return found


def start(**settings):
    return Daemon(ARGS.assayd, models(), 2, http={"listen": "127.0.0.1:0"}, **settings)


def url_of(daemon):
    return re.search(r" http=\"?(http://[^\s\"]+)", daemon.log()).group(1)


class Front(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = start().__enter__()
        cls.url = url_of(cls.daemon)
        cls.client = openai.OpenAI(base_url=f"{cls.url}/v1", api_key="none", timeout=PATIENCE,
                                   max_retries=0)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.daemon.__exit__()

    def raw(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=PATIENCE)
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        return reply, text

    def grpc_text(self, *words):
        done = subprocess.run([ARGS.assay, "--address", self.daemon.address, "--json", "generate",
                               "--no-stream", "--model", "m", *words],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def test_chat_is_that_of_grpc(self):
        reply = self.client.chat.completions.create(model="m", messages=QUESTION, max_tokens=60)
        expected = self.grpc_text("--max-new-tokens", "60", QUESTION[0]["content"])
        self.assertEqual(reply.choices[0].message.content, expected["text"])
        self.assertIn("ello", reply.choices[0].message.content)
        self.assertEqual(reply.choices[0].finish_reason, "stop")
        self.assertEqual(reply.model, "m")
        self.assertTrue(reply.id.startswith("chatcmpl-"))
        self.assertEqual(reply.usage.prompt_tokens, expected["usage"]["promptTokens"])
        self.assertEqual(reply.usage.total_tokens,
                         reply.usage.prompt_tokens + reply.usage.completion_tokens)
        self.assertEqual(reply.model_extra["assay"]["route"]["rule"], "requested")

    def test_stream_has_the_same_text(self):
        whole = self.client.chat.completions.create(model="m", messages=QUESTION, max_tokens=60)
        parts = list(self.client.chat.completions.create(
            model="m", messages=QUESTION, max_tokens=60, stream=True,
            stream_options={"include_usage": True}))
        text = "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(parts[0].choices[0].delta.role, "assistant")
        self.assertEqual(parts[-2].choices[0].finish_reason, "stop")
        self.assertEqual(parts[-1].usage.completion_tokens, whole.usage.completion_tokens)
        self.assertEqual(len({part.id for part in parts}), 1)

    def test_stream_is_incremental(self):
        times = []
        for _ in self.client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": COUNTING}], max_tokens=100,
                stream=True, extra_body={"ignore_eos": True}):
            times.append(time.monotonic())
        self.assertGreater(len(times), 10)
        self.assertGreater(times[-1] - times[0], 0.1)

    def test_asyncio(self):
        async def ask(client, number):
            reply = await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": f"Count to {number}."}],
                max_tokens=12)
            return reply.choices[0].message.content

        async def run():
            async with openai.AsyncOpenAI(base_url=f"{self.url}/v1", api_key="none",
                                          timeout=PATIENCE) as client:
                return await asyncio.gather(*(ask(client, number) for number in range(12)))

        self.assertTrue(all(asyncio.run(run())))

    def test_log_probabilities(self):
        reply = self.client.chat.completions.create(model="m", messages=QUESTION, max_tokens=6,
                                                    logprobs=True, top_logprobs=3)
        tokens = reply.choices[0].logprobs.content
        self.assertEqual(len(tokens), reply.usage.completion_tokens)
        self.assertEqual(b"".join(bytes(one.bytes) for one in tokens).decode(),
                         reply.choices[0].message.content)
        for one in tokens:
            self.assertEqual(len(one.top_logprobs), 3)
            # The text is greedy.
            self.assertEqual(one.token, one.top_logprobs[0].token)
            self.assertLessEqual(one.logprob, 0)

    def test_sampling(self):
        def text(**more):
            return self.client.chat.completions.create(
                model="m", messages=QUESTION, max_tokens=16, temperature=1.2, **more
            ).choices[0].message.content

        self.assertEqual(text(seed=5), text(seed=5))
        self.assertNotEqual(text(seed=5), text(seed=6))
        stopped = self.client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Say: one two three four"}],
            max_tokens=30, stop=[" three"])
        self.assertNotIn("three", stopped.choices[0].message.content)

    def test_completions(self):
        prompt = "The capital of France is"
        reply = self.client.completions.create(model="m", prompt=prompt, max_tokens=8, logprobs=2)
        expected = self.grpc_text("--raw", "--max-new-tokens", "8", prompt)
        self.assertEqual(reply.choices[0].text, expected["text"])
        self.assertEqual(reply.choices[0].finish_reason, "length")
        probabilities = reply.choices[0].logprobs
        self.assertEqual("".join(probabilities.tokens), reply.choices[0].text)
        self.assertEqual(probabilities.text_offset[0], 0)
        several = self.client.completions.create(model="m", prompt=[prompt, "Once upon a"],
                                                 max_tokens=8)
        self.assertEqual(several.choices[0].text, expected["text"])
        self.assertEqual([one.index for one in several.choices], [0, 1])
        streamed = list(self.client.completions.create(model="m", prompt=prompt, max_tokens=8,
                                                       stream=True))
        self.assertEqual("".join(one.choices[0].text for one in streamed), expected["text"])

    def test_tokens(self):
        def post(path, body):
            reply, text = self.raw("POST", path, json.dumps(body))
            return reply.status, json.loads(text)

        status, found = post("/tokenize", {"model": "m", "prompt": "Hello there",
                                           "return_token_strs": True})
        self.assertEqual(status, 200, found)
        self.assertEqual("".join(found["token_strs"]), "Hello there")
        self.assertEqual(post("/detokenize", {"model": "m", "tokens": found["tokens"]})[1],
                         {"prompt": "Hello there"})
        _, chat = post("/tokenize", {"model": "m", "messages": QUESTION})
        reply = self.client.chat.completions.create(model="m", messages=QUESTION, max_tokens=1)
        self.assertEqual(chat["count"], reply.usage.prompt_tokens)
        continued = self.client.completions.create(model="m", prompt=chat["tokens"], max_tokens=1)
        self.assertEqual(continued.choices[0].text, reply.choices[0].message.content)
        for path, body in (("/tokenize", {"prompt": "a"}), ("/detokenize", {"tokens": [1]}),
                           ("/detokenize", {"model": "m", "tokens": [-1]}),
                           ("/detokenize", {"model": "m", "tokens": [1 << 30]}),
                           ("/tokenize", {"model": "m", "prompt": "a", "add_special_tokens": False}),
                           ("/tokenize", {"model": "m"})):
            self.assertEqual(post(path, body)[0], 400, body)

    def test_models(self):
        self.assertIn("m", [model.id for model in self.client.models.list()])
        self.assertEqual(self.client.models.retrieve("m").owned_by, "assay")
        with self.assertRaises(openai.NotFoundError):
            self.client.models.retrieve("absent")

    @unittest.skipUnless(ENCODER.exists(), "there is no encoder")
    def test_embeddings(self):
        # The client asks for base64 by itself.
        reply = self.client.embeddings.create(model="encoder", input=["a dog", "a cat", "a tax"])
        vectors = [one.embedding for one in reply.data]
        plain = self.client.embeddings.create(model="encoder", input="a dog",
                                              encoding_format="float").data[0].embedding
        self.assertLess(max(abs(a - b) for a, b in zip(vectors[0], plain)), 1e-5)
        cosine = [sum(a * b for a, b in zip(vectors[0], other)) for other in vectors]
        self.assertGreater(cosine[1], cosine[2])
        self.assertGreater(reply.usage.prompt_tokens, 0)

    def test_errors_are_those_of_the_api(self):
        cases = [
            (openai.NotFoundError, {"model": "absent"}, None),
            (openai.BadRequestError, {"temperature": 9}, None),
            (openai.BadRequestError, {"extra_body": {"temprature": 1}}, "temprature"),
            (openai.BadRequestError, {"n": 3}, "n"),
            (openai.BadRequestError, {"response_format": {"type": "json_object"}},
             "response_format"),
            (openai.BadRequestError, {"messages": []}, None),
            # The catalog has no default model and no route.
            (openai.BadRequestError, {"model": "auto"}, None),
            (openai.BadRequestError, {"model": "auto:nothing"}, None),
        ]
        for error, change, param in cases:
            with self.subTest(change=change), self.assertRaises(error) as caught:
                self.client.chat.completions.create(**{
                    "model": "m", "messages": QUESTION, "max_tokens": 4, **change})
            self.assertTrue(caught.exception.body["message"])
            if param:
                self.assertEqual(caught.exception.param, param)
            # Before a stream begins, errors are the same.
            with self.subTest(stream=change), self.assertRaises(error):
                self.client.chat.completions.create(**{
                    "model": "m", "messages": QUESTION, "max_tokens": 4, "stream": True, **change})

    def test_bad_bodies(self):
        for body in (b"", b"{", b"[]", b"null", b'"text"', b"{" * 100_000, b"\xff\xfe",
                     b'{"model": "m", "model": "m", "messages": []}',
                     b'{"messages": ' + b"[" * 5000 + b"]" * 5000 + b"}"):
            reply, text = self.raw("POST", "/v1/chat/completions", body)
            self.assertEqual(reply.status, 400, body[:40])
            self.assertIn("message", json.loads(text)["error"])
        reply, text = self.raw("POST", "/v1/chat/completions", b"x" * (64 << 20))
        self.assertEqual(reply.status, 413)
        self.assertIn("message", json.loads(text)["error"])
        for method, path, status in (("GET", "/v1/nothing", 404), ("GET", "/v1/completions", 405),
                                     ("DELETE", "/v1/models/m", 405)):
            reply, text = self.raw(method, path)
            self.assertEqual(reply.status, status, path)
            self.assertIn("message", json.loads(text)["error"])

    def test_request_id_and_route_headers(self):
        body = json.dumps({"model": "m", "messages": QUESTION, "max_tokens": 2})
        reply, text = self.raw("POST", "/v1/chat/completions", body, {"x-request-id": "my-id"})
        self.assertEqual(reply.status, 200, text)
        self.assertEqual(reply.getheader("x-request-id"), "my-id")
        self.assertEqual(reply.getheader("x-assay-model"), "m")
        self.assertEqual(json.loads(text)["id"], "chatcmpl-my-id")
        self.assertIn("request_id=my-id", self.daemon.log())

    def test_health_and_version(self):
        reply, text = self.raw("GET", "/health")
        self.assertEqual((reply.status, json.loads(text)), (200, {"status": "ok"}))
        self.assertIn("version", json.loads(self.raw("GET", "/version")[1]))

    def test_vanished_client_frees_its_slot(self):
        host, port = self.url.removeprefix("http://").rsplit(":", 1)
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": COUNTING}],
                           "max_tokens": 4000, "stream": True, "ignore_eos": True})
        client = socket.create_connection((host, int(port)), PATIENCE)
        client.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: "
                       f"{len(body)}\r\n\r\n{body}".encode())
        client.recv(1000)
        self.assertEqual(self.daemon.state()[1], 1)
        client.close()
        start_time = time.monotonic()
        while self.daemon.state()[1] and time.monotonic() < start_time + PATIENCE:
            time.sleep(0.01)
        took = time.monotonic() - start_time
        print(f"vanished client: its slot was free after {1000 * took:.0f} ms")
        self.assertLess(took, patience(1))

    def test_many_streams(self):
        failures, done = [], []

        def stream(number):
            try:
                parts = list(self.client.chat.completions.create(
                    model="m", messages=[{"role": "user", "content": f"Say {number}."}],
                    max_tokens=4, stream=True))
                done.append(parts[-1].choices[0].finish_reason)
            except openai.OpenAIError as error:
                failures.append(error)

        threads = [threading.Thread(target=stream, args=(number,)) for number in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((failures, len(done)), ([], 64))


class Keys(unittest.TestCase):
    def test_keys_are_those_of_grpc(self):
        with start(access={"keys": "required"}) as daemon:
            socket_path = pathlib.Path(daemon.folder.name) / "state/assayd.sock"
            key = subprocess.run(
                [ARGS.assay, "--address", f"unix:{socket_path}", "--json", "keys", "create", "web",
                 "--role", "generate"], capture_output=True, text=True, check=True).stdout
            key = json.loads(key)["text"]
            wrong = openai.OpenAI(base_url=f"{url_of(daemon)}/v1", api_key="wrong", max_retries=0)
            with self.assertRaises(openai.AuthenticationError):
                wrong.models.list()
            right = openai.OpenAI(base_url=f"{url_of(daemon)}/v1", api_key=key, max_retries=0)
            reply = right.chat.completions.create(model="m", messages=QUESTION, max_tokens=4)
            self.assertTrue(reply.choices[0].message.content)
            self.assertRegex(daemon.log(), r"method=openai.v1/ChatCompletions .*key=web")
            metrics = subprocess.run(
                [ARGS.assay, "--address", f"unix:{socket_path}", "--json", "keys", "create",
                 "prometheus", "--role", "metrics"], capture_output=True, text=True,
                check=True).stdout
            wrong = openai.OpenAI(base_url=f"{url_of(daemon)}/v1",
                                  api_key=json.loads(metrics)["text"], max_retries=0)
            with self.assertRaises(openai.PermissionDeniedError):
                wrong.chat.completions.create(model="m", messages=QUESTION, max_tokens=4)


class Stop(unittest.TestCase):
    def test_running_streams_end_and_nothing_hangs(self):
        with start() as daemon:
            client = openai.OpenAI(base_url=f"{url_of(daemon)}/v1", api_key="none", max_retries=0)
            stream = client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": COUNTING}], max_tokens=200,
                stream=True, extra_body={"ignore_eos": True})
            first = next(iter(stream))
            self.assertTrue(first.id)
            stopper = threading.Thread(target=daemon.stop)
            stopper.start()
            parts = list(stream)
            stopper.join()
            self.assertEqual(parts[-1].choices[0].finish_reason, "length")
            self.assertEqual(daemon.process.poll(), 0)


def main():
    global ARGS
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assayd", required=True, type=pathlib.Path)
    parser.add_argument("--assay", required=True, type=pathlib.Path)
    ARGS, rest = parser.parse_known_args()
    ARGS.assayd, ARGS.assay = ARGS.assayd.absolute(), ARGS.assay.absolute()
    if not MODEL.exists():
        print(f"openai_test: skipped: {MODEL} does not exist; run make setup", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
