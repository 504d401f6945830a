"""Signing exports with a chain made here; the library that signs also reads and checks."""

from __future__ import annotations

import datetime
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from errors import BadRequest
from pipelines.credentials import EDITED, Credentials, sign_files

c2pa = pytest.importorskip("c2pa", reason="c2pa-python is an optional package")


@pytest.fixture(scope="module")
def credentials() -> Credentials:
    """A root and a certificate that may sign, as a studio would have from its authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)

    def certificate(name: str, public: Any, ca: bool) -> x509.Certificate:
        def full(common: str) -> x509.Name:
            organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test studio")
            return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])

        builder = x509.CertificateBuilder(
            full("Root"), full(name), public, x509.random_serial_number(), start, start + datetime.timedelta(days=99)
        )
        usage = x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
        builder = builder.add_extension(x509.BasicConstraints(ca, None), True).add_extension(usage, True)
        own = x509.SubjectKeyIdentifier.from_public_key(public)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
        builder = builder.add_extension(own, False).add_extension(issuer, False)
        if not ca:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        return builder.sign(root_key, hashes.SHA256())

    chain = (certificate("Artist", key.public_key(), False), certificate("Root", root_key.public_key(), True))
    pem = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Credentials(pem, key.private_bytes(*form))


def picture(format: str) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((24, 24)).convert("RGBA").save(out, format, lossless=True)
    return out.getvalue()


def test_images_carry_a_signed_statement_and_keep_their_pixels(credentials: Credentials) -> None:
    files = {"knight.png": picture("PNG"), "rope.webp": picture("WEBP"), "atlas.json": b"{}"}
    origin = {"subject": "a knight", "origin": "edited", "model": {"name": "Forge Nano"}}
    signed = sign_files(files, credentials, {"knight.png": origin})
    assert signed["atlas.json"] == b"{}"
    for name, mime in (("knight.png", "image/png"), ("rope.webp", "image/webp")):
        told = json.loads(c2pa.Reader(mime, io.BytesIO(signed[name])).json())
        problems = {status["code"] for status in told.get("validation_status", ())}
        assert problems == {"signingCredential.untrusted"}, "a chain of our own is whole, but nobody trusts it"
        with Image.open(io.BytesIO(signed[name])) as now, Image.open(io.BytesIO(files[name])) as before:
            assert now.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()
        assert len(signed[name]) < len(files[name]) + 20_000
    manifest = json.loads(c2pa.Reader("image/png", io.BytesIO(signed["knight.png"])).json())
    statement = manifest["manifests"][manifest["active_manifest"]]
    action = statement["assertions"][0]["data"]["actions"][0]
    assert statement["title"] == "a knight" and action["digitalSourceType"] == EDITED
    assert statement["signature_info"]["common_name"] == "Artist"


def test_wrong_keys_get_a_sentence(credentials: Credentials, tmp_path: Path) -> None:
    files = {"a.png": picture("PNG")}
    for broken, words in (
        (Credentials(credentials.certificates, b"no key"), "cannot be read. Give an unencrypted private key"),
        (Credentials(b"no certificate", credentials.key), "could not be signed"),
    ):
        with pytest.raises(BadRequest, match=words):
            sign_files(files, broken)
    with pytest.raises(BadRequest, match="GAMEFORGE_SIGN_CERTIFICATES"):
        Credentials.read(None, None)
    with pytest.raises(BadRequest, match="cannot be read"):
        Credentials.read(tmp_path / "none.pem", tmp_path / "none.key")
