"""An HTTP proxy that injects faults in front of one server."""
import http.client
import http.server
import threading
import urllib.parse

# The kinds of requests by the end of their path; the first match counts.
KINDS = ["experiments/get-by-name", "experiments/create", "runs/search", "runs/create",
         "runs/log-batch", "runs/log-inputs", "runs/update", "runs/delete", "runs/set-tag",
         "logged-models/search", "logged-models"]


def kind_of(method, path):
    path = urllib.parse.urlsplit(path).path
    if "/mlflow-artifacts/" in path:
        return "artifact"
    if method == "PATCH":
        return "logged-models/patch"
    return next((kind for kind in KINDS if path.endswith(kind)), path)


class Fault:
    """The fault of one request.

    The proxy waits `delay` seconds. With `carried_out`, it then forwards the request to the server.
    Finally it sends the answer or, without a `status`, closes the connection.
    """

    def __init__(self, carried_out, status=None, headers=None, delay=0, call=None):
        self.carried_out = carried_out
        self.status = status
        self.headers = headers or {}
        self.delay = delay
        self.call = call


class FaultProxy:
    """`decide(kind, number)` returns a Fault or None for the `number`-th (from 0) of a kind."""

    def __init__(self, target):
        self.target = urllib.parse.urlsplit(target).netloc
        self.decide = lambda kind, number: None
        self.lock = threading.Lock()
        self.counts = {}
        self.faults = 0
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                proxy.handle(self)

            do_GET = do_POST = do_PUT = do_PATCH = handle_any

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.uri = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self, decide):
        with self.lock:
            self.decide, self.counts, self.faults = decide, {}, 0

    def handle(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        kind = kind_of(request.command, request.path)
        with self.lock:
            number = self.counts.get(kind, 0)
            self.counts[kind] = number + 1
            fault = self.decide(kind, number)
            self.faults += fault is not None
        if fault is None:
            self.answer(request, self.forward(request, body))
            return
        if fault.call:
            fault.call()
        if fault.delay:
            threading.Event().wait(fault.delay)
        if fault.carried_out:
            self.forward(request, body)
        self.answer(request, fault.status and (fault.status, fault.headers, b"the test's fault"))

    def forward(self, request, body):
        """Returns status, headers and body, or None if the server is not reachable."""
        connection = http.client.HTTPConnection(self.target, timeout=60)
        headers = {key: value for key, value in request.headers.items()
                   if key.lower() not in ("host", "connection")}
        try:
            connection.request(request.command, request.path, body, headers)
            answer = connection.getresponse()
            kept = {key: value for key, value in answer.getheaders()
                    if key.lower() in ("content-type", "content-encoding")}
            return answer.status, kept, answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    @staticmethod
    def answer(request, answer):
        """Sends the answer; None closes the connection without one."""
        if not answer:
            request.close_connection = True
            return
        status, headers, body = answer
        try:
            request.send_response(status)
            for key, value in headers.items():
                request.send_header(key, value)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            request.close_connection = True
