"""Makes what envoy.yaml needs where there is no certificate authority and no identity provider.

    credentials.py certificate --host NAME...          a server certificate of a CA of its own
    credentials.py keys                                a key that signs tokens, and the JWKS file
    credentials.py token --caller NAME --role ROLE...  prints a token

--envoy is the folder that Envoy reads (/etc/envoy). --private is a folder that Envoy must not read:
it holds the keys of the CA and of the tokens. Each command may be repeated. `certificate` renews
the certificate, which a running Envoy reads at once. `keys` adds a key, so that tokens of older
keys stay valid; restart Envoy after it. Needs deploy/requirements/envoy.txt.
"""
import argparse
import datetime
import ipaddress
import json
import os
import pathlib
import secrets

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from jwt.algorithms import ECAlgorithm

# The names that envoy.yaml expects.
ISSUER = AUDIENCE = "assay"
ROLES = ("generate", "evaluate", "admin")
DAYS_OF_CA = 3650
DAYS_OF_CERTIFICATE = 365
DAYS_OF_TOKEN = 30


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def write(path, content, mode=0o644):
    """Writes the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    part.replace(path)


def private_pem(key, password=None):
    encryption = (serialization.BestAvailableEncryption(password) if password
                  else serialization.NoEncryption())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             encryption)


def load_key(path):
    return serialization.load_pem_private_key(path.read_bytes(), None)


def named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def builder(subject, issuer, key, days):
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now() - datetime.timedelta(minutes=5))
            .not_valid_after(now() + datetime.timedelta(days=days)))


def authority(folder):
    """Returns the key and the certificate of the CA in `folder`, which is made if it is missing."""
    key_path, path = folder / "ca.key", folder / "ca.crt"
    if not key_path.exists():
        key, name = ec.generate_private_key(ec.SECP256R1()), named("Assay CA")
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        certificate = (builder(name, name, key, DAYS_OF_CA)
                       .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                       .add_extension(x509.KeyUsage(False, False, False, False, False, True, True,
                                                    False, False), critical=True)
                       .add_extension(identifier, critical=False)
                       .sign(key, hashes.SHA256()))
        write(path, certificate.public_bytes(serialization.Encoding.PEM))
        write(key_path, private_pem(key), 0o600)
    return load_key(key_path), x509.load_pem_x509_certificate(path.read_bytes())


def alternative_name(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def issue(ca_key, ca, key, name, hosts, days, usages):
    """Returns a certificate in PEM of the CA that `authority` returned."""
    names = x509.SubjectAlternativeName([alternative_name(host) for host in hosts])
    certificate = (builder(named(name), ca.subject, key, days)
                   .add_extension(names, critical=False)
                   .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                   .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                       ca_key.public_key()), critical=False)
                   .sign(ca_key, hashes.SHA256()))
    return certificate.public_bytes(serialization.Encoding.PEM)


def certificate_command(args):
    ca_key, ca = authority(args.private)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = issue(ca_key, ca, key, args.host[0], args.host, args.days,
                        [ExtendedKeyUsageOID.SERVER_AUTH])
    # The key comes first: Envoy reads both files when the second one is renamed.
    write(args.envoy / "tls/server.key", private_pem(key), 0o600)
    write(args.envoy / "tls/server.crt", certificate)
    print(f"{args.envoy}/tls/server.crt: {', '.join(args.host)}")
    print(f"{args.private}/ca.crt: give this file to clients")


def keys_command(args):
    key, identifier = ec.generate_private_key(ec.SECP256R1()), secrets.token_hex(8)
    path = args.envoy / "jwks.json"
    known = json.loads(path.read_text())["keys"] if path.exists() and not args.only else []
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    known.append({**public, "kid": identifier, "alg": "ES256", "use": "sig"})
    write(args.private / "tokens.key", private_pem(key), 0o600)
    write(args.private / "tokens.kid", identifier.encode())
    write(path, json.dumps({"keys": known}, indent=2).encode())
    print(f"{path}: {len(known)} keys; new tokens are signed with {identifier}")


def token_command(args):
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": args.caller, "roles": args.role,
              "iat": now(), "exp": now() + datetime.timedelta(days=args.days)}
    print(jwt.encode(claims, load_key(args.private / "tokens.key"), algorithm="ES256",
                     headers={"kid": (args.private / "tokens.kid").read_text()}))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    folders = argparse.ArgumentParser(add_help=False)
    folders.add_argument("--envoy", type=pathlib.Path, default=pathlib.Path("/etc/envoy"),
                         help="the folder that Envoy reads (default: %(default)s)")
    folders.add_argument("--private", type=pathlib.Path, required=True,
                         help="the folder of the private keys; Envoy must not be able to read it")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("certificate", parents=[folders])
    command.add_argument("--host", nargs="+", required=True, help="names or addresses of the proxy")
    command.add_argument("--days", type=int, default=DAYS_OF_CERTIFICATE)
    command.set_defaults(run=certificate_command)
    command = commands.add_parser("keys", parents=[folders])
    command.add_argument("--only", action="store_true", help="tokens of older keys become invalid")
    command.set_defaults(run=keys_command)
    command = commands.add_parser("token", parents=[folders])
    command.add_argument("--caller", required=True, help="the claim sub: who calls")
    command.add_argument("--role", nargs="+", required=True, choices=ROLES)
    command.add_argument("--days", type=float, default=DAYS_OF_TOKEN)
    command.set_defaults(run=token_command)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
