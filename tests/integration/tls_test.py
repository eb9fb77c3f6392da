"""Checks TLS on all ports of a real daemon: certificates that are replaced, and mutual TLS.

Usage: tls_test.py --assayd BINARY --assay BINARY (run by ctest). Exits with 77 (skipped) if
grpcio-tools, cryptography or the model is missing.
"""
import argparse
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mlflow_server import Assayd, need_model, skip, wait_for  # noqa: E402

try:
    import grpc
    import rpc_walker
    from certificates import Authority, subject_of
except ImportError as error:
    skip(f"{error}; run `make setup`")

MODELS = (f"default_model: small\nmodels:\n  - {{ id: small, source: {{ file: '{need_model()}' }}, "
          "context_length: 4096 }\n")
STREAM = "assay.v1.InferenceService/GenerateStream"


class Bed:
    def __init__(self, args, folder, name, settings):
        self.args, self.folder = args, folder
        self.root = folder / "ca.crt"
        self.daemon = Assayd(args.assayd, folder, name, MODELS, settings, state_dir=f"state-{name}")

    def assay(self, *options):
        """Returns the exit code of `assay models` with these options, and what it printed."""
        words = [self.args.assay, "--address", self.daemon.listen, *options, "models"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=300,
                              env={**os.environ, "ASSAY_API_KEY": ""})
        return done.returncode, done.stdout + done.stderr

    def served(self):
        """Returns the names of the certificates that the gRPC port and the metrics present."""
        return tuple(
            subject_of(ssl.get_server_certificate((host, int(port)), timeout=60))
            for host, port in (self.daemon.listen.split(":"),
                               self.daemon.metrics.split("/")[2].split(":")))

    def channel(self):
        credentials = grpc.ssl_channel_credentials(self.root.read_bytes())
        return grpc.secure_channel(self.daemon.listen, credentials)

    def scrape(self, *client):
        context = ssl.create_default_context(cafile=self.root)
        if client:
            context.load_cert_chain(*client)
        with urllib.request.urlopen(self.daemon.metrics, timeout=60, context=context) as answer:
            return answer.read().decode()


def check_reload(args, folder, authority):
    """A stream goes on while its server's certificate is replaced, also by a broken one."""
    for name in ("first", "second"):
        authority.issue(name)
    live = folder / "live.pem", folder / "live.key"

    def install(certificate, key):
        shutil.copy(folder / f"{certificate}.pem", live[0])
        shutil.copy(folder / f"{key}.key", live[1])

    install("first", "first")
    bed = Bed(args, folder, "reload", "tls: { certificate: live.pem, key: live.key }\n")
    try:
        assert bed.served() == ("first", "first"), bed.served()
        walker = rpc_walker.Walker(bed.daemon.listen)
        walker.channel = bed.channel()
        method = walker.methods()[STREAM]
        reply = rpc_walker.message_factory.GetMessageClass(method.output_type)
        stub = walker.channel.unary_stream(
            f"/{STREAM}", request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=reply.FromString)
        request = walker.make(STREAM, model="small", prompt="Tell a long story.", raw=True,
                              maxNewTokens=3000)
        stream = stub(request, timeout=600)
        next(stream)
        start = time.monotonic()
        install("second", "second")
        wait_for("the second certificate", lambda: bed.served() == ("second", "second"), 120)
        took = time.monotonic() - start
        # The next messages were sent after the change, over the connection from before it.
        for _ in range(20):
            next(stream)
        stream.cancel()

        install("first", "second")
        wait_for("the refusal of a key of another certificate",
                 lambda: "certificate_refused" in bed.daemon.log.read_text(), 120)
        time.sleep(3)
        assert bed.served() == ("second", "second"), bed.served()
        assert "tls.key" in bed.daemon.log.read_text()
        live[0].write_text("")
        time.sleep(8)
        assert bed.served() == ("second", "second"), bed.served()
        assert bed.assay("--ca", str(bed.root))[0] == 0
        install("first", "first")
        wait_for("the first certificate again", lambda: bed.served() == ("first", "first"), 120)
        assert 'assay_tls_certificate_expiry_timestamp_seconds' in bed.scrape()
        code, text = bed.assay()
        assert code == 3 and "--ca" in text, (code, text)
        bed.daemon.stop()
        assert not (folder / "state-reload/tls").exists(), "copies of the key are left"
        print(f"reload: both ports after {took:.1f} s; the stream went on; a broken pair is refused")
    finally:
        if bed.daemon.process.poll() is None:
            bed.daemon.kill()


def check_mutual(args, folder, authority):
    """Only clients with a certificate of the root are served."""
    server = authority.issue("server")
    client = [str(path) for path in authority.issue("client")]
    stranger = [str(path) for path in Authority(folder / "strangers").issue("client")]
    bed = Bed(args, folder, "mutual", f"tls: {{ certificate: {server[0].name}, "
              f"key: {server[1].name}, client_ca: ca.crt }}\n")
    try:
        ca = ["--ca", str(bed.root)]
        options = [["--certificate", pair[0], "--certificate-key", pair[1]]
                   for pair in (client, stranger)]
        code, text = bed.assay(*ca, *options[0])
        assert code == 0 and "small" in text, (code, text)
        for wrong in (ca, ca + options[1], []):
            code, text = bed.assay(*wrong)
            assert code == 3, (wrong, code, text)
        assert "assay_requests_total" in bed.scrape(*client)
        # A renewal that is half written lets no client in without a certificate.
        root = bed.root.read_text()
        bed.root.write_text("")
        wait_for("the refusal of empty roots",
                 lambda: "certificate_refused" in bed.daemon.log.read_text(), 120)
        bed.root.write_text(root)
        for wrong in ((), tuple(stranger)):
            try:
                bed.scrape(*wrong)
                raise AssertionError(f"the metrics are served to {wrong}")
            except (urllib.error.URLError, ssl.SSLError, ConnectionError):
                continue
        bed.daemon.stop()
        print("mutual TLS: gRPC and metrics serve the root's clients alone")
    finally:
        if bed.daemon.process.poll() is None:
            bed.daemon.kill()


def check_refusals(args, folder, authority):
    """The daemon names the file that is wrong, and does not start."""
    certificate, key = authority.issue("refused")
    _, other = authority.issue("other")
    authority.issue("locked", password=b"secret")
    (folder / "text").write_text("not PEM")
    (folder / "empty").write_text("")
    (folder / "models.yaml").write_text(MODELS)
    cases = {
        "certificate: missing.pem, key: refused.key": "tls.certificate",
        "certificate: text, key: refused.key": "tls.certificate",
        f"certificate: refused.pem, key: {other.name}": "tls.key",
        "certificate: refused.pem, key: refused.key, client_ca: text": "tls.client_ca",
        "certificate: locked.pem, key: locked.key": "tls.key",
        "certificate: refused.pem, key: refused.key, client_ca: empty": "tls.client_ca",
        "certificate: refused.pem": "key",
    }
    for settings, expected in cases.items():
        config = folder / "refused.yaml"
        config.write_text("listen: 127.0.0.1:0\nmetrics: { listen: '' }\ncatalog: models.yaml\n"
                          f"state_dir: state-refused\ntls: {{ {settings} }}\n")
        for check in (["--check"], []):
            done = subprocess.run([args.assayd, "--config", config, *check], capture_output=True,
                                  text=True, timeout=300)
            assert done.returncode == 2 and expected in done.stderr, (settings, check, done)
    print(f"refusals: {len(cases)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assayd", required=True)
    parser.add_argument("--assay", required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        authority = Authority(folder)
        check_refusals(args, folder, authority)
        check_mutual(args, folder, authority)
        check_reload(args, folder, authority)
    print("ok")


if __name__ == "__main__":
    main()
