"""Makes a root and certificates for servers and clients on this machine."""
import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Authority:
    """A root of its own, in FOLDER/ca.pem."""

    def __init__(self, folder, name="Assay test root"):
        self.folder = pathlib.Path(folder)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.path = self.folder / "ca.pem"
        self.path.write_bytes(pem(self._sign(self.name, self.key, days=90, is_root=True)))

    def issue(self, name, days=90, password=None):
        """Writes FOLDER/NAME.pem and FOLDER/NAME.key for localhost, and returns their paths."""
        encryption = (serialization.BestAvailableEncryption(password) if password
                      else serialization.NoEncryption())
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(pem(self._sign(subject, key, days)))
        private.write_bytes(key.private_bytes(serialization.Encoding.PEM,
                                              serialization.PrivateFormat.PKCS8,
                                              encryption))
        return certificate, private

    def _sign(self, subject, key, days, is_root=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - DAY).not_valid_after(now + days * DAY)
                   .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True))
        if not is_root:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def subject_of(text):
    """Returns the common name in a certificate in PEM."""
    certificate = x509.load_pem_x509_certificate(text.encode())
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
