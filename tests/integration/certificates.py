"""Makes a root and certificates for servers and clients on this machine."""
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "deploy/envoy"))
import credentials  # noqa: E402


class Authority:
    """A root of its own, in FOLDER/ca.crt."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.key, self.root = credentials.authority(self.folder)
        self.path = self.folder / "ca.crt"

    def issue(self, name, days=90, password=None):
        """Writes FOLDER/NAME.pem and FOLDER/NAME.key for localhost, and returns their paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(credentials.issue(
            self.key, self.root, key, name, ["localhost", "127.0.0.1"], days,
            [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]))
        private.write_bytes(credentials.private_pem(key, password))
        return certificate, private


def subject_of(text):
    """Returns the common name in a certificate in PEM."""
    certificate = x509.load_pem_x509_certificate(text.encode())
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
