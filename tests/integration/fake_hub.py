"""A fake Hub, written from huggingface_hub's documentation and independent of the C++ tests."""

import functools
import hashlib
import http.server
import json
import random
import threading
import time
import urllib.parse

COMMIT = "89abcdef0123456789abcdef0123456789abcdef"
REPO = "org/model"
# A repository whose license must be accepted first.
GATED = "org/gated"
WEIGHTS = "model.safetensors"
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "tokenizer.json": b'{"version": "1.0"}',
    "README.md": b"# A model",
    WEIGHTS: random.Random(1).randbytes(3 << 20),
    "gguf/model q4.gguf": random.Random(2).randbytes(1 << 20),
}
NEEDED = ["config.json", "tokenizer.json", WEIGHTS]


def is_lfs(name):
    return name.endswith((".safetensors", ".gguf"))


@functools.cache
def blob_hash(name):
    content = FILES[name]
    if is_lfs(name):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub(http.server.ThreadingHTTPServer):
    """The Hub and, under /storage/, its storage host. `bodies` lists the files that were sent."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.bodies = []
        # (file, first byte) of each answer to a range request.
        self.ranges = []
        self.body_seconds = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", content_of=None, **headers):
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if content_of is None:
            self.wfile.write(body)
            return
        self.server.bodies.append(content_of)
        pieces = 20
        size = len(body) // pieces + 1
        try:
            for offset in range(0, len(body), size):
                self.wfile.write(body[offset : offset + size])
                time.sleep(self.server.body_seconds / pieces)
        except (BrokenPipeError, ConnectionResetError):
            # The client was killed by the test.
            self.close_connection = True

    def do_GET(self):
        path = urllib.parse.unquote(self.path.split("?")[0])
        if path in (f"/api/models/{REPO}", f"/api/models/{REPO}/revision/main",
                    f"/api/models/{REPO}/revision/{COMMIT}"):
            self.json(
                {"id": REPO, "sha": COMMIT, "siblings": [self.sibling(name) for name in FILES]})
        elif path == f"/api/models/{REPO}/tree/{COMMIT}":
            self.json([self.tree_entry(name) for name in FILES])
        elif path.startswith(f"/api/models/{GATED}"):
            self.reply(403, X_Error_Code="GatedRepo",
                       X_Error_Message="Access to model org/gated is restricted.")
        elif path.startswith("/storage/"):
            self.storage(next(name for name in FILES if blob_hash(name) == path.split("/")[-1]))
        else:
            self.resolve(path)

    do_HEAD = do_GET

    def json(self, value):
        self.reply(200, json.dumps(value).encode(), Content_Type="application/json")

    def resolve(self, path):
        name = next(
            (n for n in FILES if path in (f"/{REPO}/resolve/{r}/{n}" for r in ("main", COMMIT))),
            None)
        if name is None:
            self.reply(404, X_Error_Code="EntryNotFound", X_Repo_Commit=COMMIT)
            return
        headers = {"X_Repo_Commit": COMMIT, "ETag": f'"{blob_hash(name)}"'}
        if not is_lfs(name):
            self.reply(200, FILES[name], content_of=name, **headers)
            return
        headers |= {"X_Linked_Size": str(len(FILES[name])), "X_Linked_ETag": f'"{blob_hash(name)}"'}
        location = f"http://localhost:{self.server.server_port}/storage/{blob_hash(name)}"
        self.reply(302, Location=location, **headers)

    def storage(self, name):
        begin = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-")
        if begin == "0":
            self.reply(200, FILES[name], content_of=name)
            return
        size = len(FILES[name])
        self.server.ranges.append((name, int(begin)))
        self.reply(206, FILES[name][int(begin):], content_of=name,
                   Content_Range=f"bytes {begin}-{size - 1}/{size}")

    def sibling(self, name):
        sibling = {"rfilename": name, "size": len(FILES[name]), "blobId": blob_hash(name)}
        if is_lfs(name):
            sibling["blobId"] = "e" * 40
            sibling["lfs"] = {"sha256": blob_hash(name), "size": len(FILES[name]),
                              "pointerSize": 132}
        return sibling

    def tree_entry(self, name):
        entry = {"type": "file", "path": name, "size": len(FILES[name]), "oid": blob_hash(name)}
        if is_lfs(name):
            entry["oid"] = "e" * 40
            entry["lfs"] = {"oid": blob_hash(name), "size": len(FILES[name]), "pointerSize": 132}
        return entry
