"""C2PA content credentials: a signed statement inside an image of what made it, which viewers can check.

The work is done by c2pa-python, an optional package. Certificate and key are the studio's own: a chain in PEM form
whose first certificate may sign (digitalSignature, an extended key usage such as emailProtection), and its key,
unencrypted.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import BadRequest, NotReady

MIME = {".png": "image/png", ".webp": "image/webp"}
GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
EDITED = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True)
class Credentials:
    """PEM texts. Raises BadRequest when they are missing or cannot be read."""

    certificates: bytes
    key: bytes

    @classmethod
    def read(cls, certificates: Path | None, key: Path | None) -> Credentials:
        if certificates is None or key is None:
            raise BadRequest("To sign, set GAMEFORGE_SIGN_CERTIFICATES and GAMEFORGE_SIGN_KEY to your PEM files.")
        try:
            return cls(certificates.read_bytes(), key.read_bytes())
        except OSError as error:
            raise BadRequest("The certificate or key to sign with cannot be read.", detail=str(error)) from error


def sign_files(
    files: Mapping[str, bytes], credentials: Credentials, origins: Mapping[str, dict[str, Any]] | None = None
) -> dict[str, bytes]:
    """The same files with every PNG and WebP signed. Pixels stay; the bytes differ each time.

    `origins` is what a file was made from, by its name (a sheet has none): it becomes title and software agent.

    Raises:
        NotReady: c2pa-python is not installed.
        BadRequest: certificate and key do not fit each other or may not sign.
    """
    try:
        from c2pa import Builder, C2paSignerInfo, Context, Signer  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        message = "Signing needs another package: pip install 'gameforge[credentials]'."
        raise NotReady(message, detail=str(error)) from error
    out = dict(files)
    try:
        info: Any = C2paSignerInfo(_algorithm(credentials.key), credentials.certificates, credentials.key, None)
        signer = Signer.from_info(info)
        context = Context.from_dict({"builder": {"thumbnail": {"enabled": False}}})  # larger than most sprites
        for name, data in files.items():
            mime = MIME.get(Path(name).suffix.lower())
            if mime is None:
                continue
            signed = io.BytesIO()
            statement = json.dumps(_statement(name, (origins or {}).get(name)))
            Builder(statement, context).sign(signer, mime, io.BytesIO(data), signed)
            out[name] = signed.getvalue()
    except BadRequest:
        raise
    except Exception as error:  # what the native library throws shares no class
        message = "The images could not be signed: certificate and key do not fit, or may not sign content."
        raise BadRequest(message, detail=f"{type(error).__name__}: {error}") from error
    return out


def _statement(name: str, origin: dict[str, Any] | None) -> dict[str, Any]:
    made: dict[str, Any] = {"action": "c2pa.created", "digitalSourceType": GENERATED}
    if origin is not None:
        made["softwareAgent"] = {"name": str(origin["model"]["name"])}
        if origin.get("origin") in ("edited", "imported"):
            made["digitalSourceType"] = EDITED
    return {
        "title": str((origin or {}).get("subject") or name),
        "claim_generator_info": [{"name": "GameForge"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}],
    }


def _algorithm(key: bytes) -> bytes:
    """The signature algorithm that belongs to a private key. Raises BadRequest."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        message = "The key to sign with cannot be read. Give an unencrypted private key as PEM."
        raise BadRequest(message, detail=str(error)) from error
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return {256: b"es256", 384: b"es384", 521: b"es512"}.get(private.curve.key_size, b"es256")
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return b"ed25519"
    if isinstance(private, rsa.RSAPrivateKey):
        return b"ps256"
    raise BadRequest("The key to sign with is of a kind that C2PA does not know. Use ECDSA, Ed25519 or RSA.")
