"""Puts the model folder together: fp16 weights, scheduler, exemplars, concept list and encoder settings.

    python -m pipelines.nano.package --data DIR --out DIR [--concepts-only]
        [--cache DIR --vae DIR --unet CHECKPOINT --embedder DIR]
    python -m pipelines.nano.package --unet CHECKPOINT --out DIR --unet-only     # a later state of the same UNet
    python -m pipelines.nano.package --vae DIR --out DIR --decoder-only          # a later state of the same decoder

The result is a plain diffusers folder (StableDiffusionXLPipeline.from_pretrained loads it) with three files of ours
beside it: concepts.jsonl, exemplars.safetensors, nano.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.nano.data import read_records
from pipelines.nano.records import STYLES, Record
from pipelines.nano.text import MAX_TOKENS, POOLED_SCALE, TOKEN_SCALE, FolderEmbedder
from pipelines.nano.train_unet import SCHEDULER, build_unet
from pipelines.nano.training import load_checkpoint

SETTINGS: dict[str, Any] = {
    "name": "Forge Nano",
    "size": 64,
    "max_tokens": MAX_TOKENS,
    "token_scale": TOKEN_SCALE,
    "pooled_scale": POOLED_SCALE,
    "styles": list(STYLES),
    "default_style": "pixel",
    "steps": 2,
    "guidance": 1.0,
    "start_strength": 0.2,
    "max_strength": 0.6,  # beyond it the UNet, as far as it is trained, blurs more than it adds
    "pack_strength": 0.2,  # style packs are trained on this range; not below start_strength
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


def quantise(latents: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Latents [N, C, H, W] to 8 bits: codes uint8 and, for each image and channel, low and step (float32 [N, C]).

    value = code * step + low. Each image has its own range: textures reach far beyond what most sprites use.
    """
    values = latents.astype(np.float32)
    low, high = values.min((2, 3)), values.max((2, 3))
    step = np.maximum(high - low, 1e-6) / 255
    codes = np.rint((values - low[:, :, None, None]) / step[:, :, None, None])
    return np.clip(codes, 0, 255).astype(np.uint8), low, step


def write_exemplars(records: list[Record], cache: Path, factor: float, embedder: FolderEmbedder, out: Path) -> None:
    """exemplars.safetensors in the order of concepts.jsonl; latents in the UNet's scale."""
    from safetensors.numpy import save_file

    rows = exemplar_rows(records)
    latents = np.load(cache / "latents.npy", mmap_mode="r")
    codes, low, step = quantise(latents[rows, 0].astype(np.float32) * factor)
    names = sorted({records[row].name for row in rows})
    place = {name: number for number, name in enumerate(names)}
    embeddings = np.concatenate([embedder.encode(names[i : i + 256]) for i in range(0, len(names), 256)])
    maps = np.load(cache / "maps.npz")
    # The maps were fitted on raw latents; in the UNet's scale only the constant part changes.
    tensors = {
        "latents": codes,
        "low": low,
        "step": step,
        "embeddings": embeddings.astype(np.float16),
        "concept": np.array([place[records[row].name] for row in rows], np.int32),
        "map_weights": maps["weights"],
        "map_biases": maps["biases"] * factor,
    }
    # safetensors writes the raw buffer: an array in Fortran order would come back scrambled.
    contiguous = {name: np.ascontiguousarray(values) for name, values in tensors.items()}
    metadata = {"transforms": json.dumps(maps["names"].tolist())}
    save_file(contiguous, str(out / "exemplars.safetensors"), metadata=metadata)


def write_unet(checkpoint: Path, out: Path) -> None:
    """The averaged weights of a training run (fp16 safetensors) and nano.json."""
    import torch

    state = load_checkpoint(checkpoint)
    if state is None:
        raise SystemExit(f"no checkpoint at {checkpoint}")
    unet: Any = build_unet()
    unet.load_state_dict(state["ema"])
    unet.to(torch.float16).save_pretrained(out / "unet")
    settings = {**SETTINGS, "training_samples": state["samples"]}
    (out / "nano.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def open_vae(folder: Path, factor: float) -> Any:
    """`factor`: what raw latents are multiplied with for the UNet."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    vae = AutoencoderKL.from_pretrained(folder).float().eval()
    vae.register_to_config(scaling_factor=factor, force_upcast=False, sample_size=SETTINGS["size"])
    return vae


def write_rest(vae: Any, out: Path) -> None:
    """VAE (fp16 safetensors), scheduler and model_index.json."""
    import torch
    from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler

    vae.to(torch.float16).save_pretrained(out / "vae")
    DPMSolverMultistepScheduler(**SCHEDULER, algorithm_type="dpmsolver++").save_pretrained(out / "scheduler")
    (out / "model_index.json").write_text(json.dumps(MODEL_INDEX, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    for name in ("data", "cache", "vae", "unet"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--embedder")
    parser.add_argument("--concepts-only", action="store_true")
    parser.add_argument("--unet-only", action="store_true")
    parser.add_argument("--decoder-only", action="store_true")
    args = parser.parse_args()
    if args.unet_only:
        write_unet(args.unet, args.out)
        return
    if args.decoder_only:
        config = json.loads((args.out / "vae" / "config.json").read_text(encoding="utf-8"))
        write_rest(open_vae(args.vae, config["scaling_factor"]), args.out)
        return
    records = read_records(args.data)
    print(write_concepts(records, args.out), "exemplars")
    if args.concepts_only:
        return

    factor = json.loads((args.cache / "vae.json").read_text(encoding="utf-8"))["scaling_factor"]
    embedder = FolderEmbedder(args.embedder)
    write_exemplars(records, args.cache, factor, embedder, args.out)
    write_unet(args.unet, args.out)
    write_rest(open_vae(args.vae, factor), args.out)


if __name__ == "__main__":
    main()
