"""Puts the model folder together: fp16 weights, scheduler, exemplars, concept list and encoder settings.

    python -m pipelines.nano.package --data DIR --out DIR [--concepts-only]
        [--cache DIR --vae DIR --unet CHECKPOINT --embedder DIR]

The result is a plain diffusers folder (StableDiffusionXLPipeline.from_pretrained loads it) with three files of ours
beside it: concepts.jsonl, exemplars.safetensors, nano.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.nano.data import read_records
from pipelines.nano.records import STYLES, Record
from pipelines.nano.text import MAX_TOKENS, POOLED_SCALE, TOKEN_SCALE

if TYPE_CHECKING:
    import torch

SETTINGS: dict[str, Any] = {
    "name": "Forge Nano",
    "size": 64,
    "max_tokens": MAX_TOKENS,
    "token_scale": TOKEN_SCALE,
    "pooled_scale": POOLED_SCALE,
    "styles": list(STYLES),
    "default_style": "pixel",
    "steps": 6,
    "guidance": 2.0,
    "start_strength": 0.4,
}
MODEL_INDEX: dict[str, Any] = {
    "_class_name": "StableDiffusionXLPipeline",
    "_diffusers_version": "0.42.1",
    "feature_extractor": [None, None],
    "force_zeros_for_empty_prompt": False,
    "image_encoder": [None, None],
    "scheduler": ["diffusers", "DPMSolverMultistepScheduler"],
    "text_encoder": [None, None],
    "text_encoder_2": [None, None],
    "tokenizer": [None, None],
    "tokenizer_2": [None, None],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def exemplar_rows(records: list[Record]) -> list[int]:
    """Which training images may start a picture: those whose name says what they show."""
    return [row for row, record in enumerate(records) if record.exemplar]


def write_concepts(records: list[Record], out: Path) -> int:
    """One JSON object a line for every exemplar, in the order of the latents in exemplars.safetensors."""
    lines = []
    for number, row in enumerate(exemplar_rows(records)):
        record = records[row]
        lines.append(
            json.dumps(
                {
                    "id": number,
                    "name": record.name,
                    "caption": ", ".join([record.name, *record.tags[:3]]),
                    "tags": record.tags,
                    "kinds": record.kinds,
                    "style": record.style,
                    "flip": record.flip,
                    "heldout": record.heldout,
                    "source": record.source,
                    "licence": record.licence,
                },
                ensure_ascii=False,
            )
        )
    out.mkdir(parents=True, exist_ok=True)
    (out / "concepts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)
