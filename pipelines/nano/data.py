"""Builds the training set: reads the sources, cleans, splits, writes images.npy and records.jsonl.

    python -m pipelines.nano.data --out DIR --dcss DIR --superpowers DIR --fluent-3d DIR --fluent DIR
        --fluent-flat DIR --noto DIR --emojibase DIR

Every source folder is given on the command line; a source that is left out is simply not used.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.nano.dcss import read_dcss
from pipelines.nano.drawn import read_drawn
from pipelines.nano.emoji import EmojiNames, read_svg_set, read_webp
from pipelines.nano.grounds import read_grounds
from pipelines.nano.records import Record
from pipelines.nano.superpowers import read_superpowers

HELD_OUT_SHARE = 0.04


def is_held_out(name: str, share: float = HELD_OUT_SHARE) -> bool:
    """Whether a whole concept is kept from training: decided by its name alone, so every style of it goes together."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < share


def clean(pairs: Iterable[tuple[Record, Image.Image]]) -> Iterator[tuple[Record, Image.Image]]:
    """Drop pictures already seen pixel for pixel and records without a name; mark the held-out concepts."""
    seen: set[bytes] = set()
    for record, image in pairs:
        digest = hashlib.sha256(image.tobytes()).digest()
        if digest in seen or len(record.name) < 2:
            continue
        seen.add(digest)
        record.heldout = is_held_out(record.name)
        yield record, image


def sources(args: argparse.Namespace) -> Iterator[tuple[Record, Image.Image]]:
    if args.dcss:
        yield from read_dcss(args.dcss)
    if args.superpowers:
        yield from read_superpowers(args.superpowers)
    if not args.no_drawn:
        yield from read_drawn()
        yield from read_grounds()
    if not args.emojibase:
        return
    names = EmojiNames(args.emojibase)
    if args.fluent_3d:
        yield from read_webp(args.fluent_3d, names)
    if args.noto:
        yield from read_svg_set(args.noto, names, "noto", "Noto Emoji (Google)", "Apache-2.0", pixel=True)
    if args.fluent_flat:
        yield from read_svg_set(
            args.fluent_flat, names, "fluent-flat", "Fluent Emoji Flat (Microsoft)", "MIT", pixel=True
        )
    if args.fluent:
        yield from read_svg_set(args.fluent, names, "fluent", "Fluent Emoji Color (Microsoft)", "MIT")


def write_set(pairs: Iterable[tuple[Record, Image.Image]], out: Path) -> list[Record]:
    """Write images.npy (uint8 [N, 64, 64, 4]) and records.jsonl into `out`; returns the records in order."""
    records: list[Record] = []
    images: list[np.ndarray] = []
    for record, image in pairs:
        records.append(record)
        images.append(np.asarray(image, np.uint8))
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "images.npy", np.stack(images))
    lines = [json.dumps(record.to_json(), ensure_ascii=False) for record in records]
    (out / "records.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return records


def read_records(folder: Path) -> list[Record]:
    lines = (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()
    return [Record(**json.loads(line)) for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    for name in ("dcss", "superpowers", "fluent-3d", "fluent", "fluent-flat", "noto", "emojibase"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--no-drawn", action="store_true", help="leave out what this project draws itself")
    records = write_set(clean(sources(parser.parse_args())), parser.parse_known_args()[0].out)
    print(len(records), "images", Counter(record.key.split("/")[0] for record in records))
    print(Counter(record.style for record in records), sum(record.heldout for record in records), "held out")
    print(len({record.name for record in records}), "concepts")


if __name__ == "__main__":
    main()
