"""Contact sheets: the fixed prompts by which every state of Forge Nano is judged by eye.

python -m pipelines.nano.contact --model DIR --embedder DIR --out FILE.png [--set fixed|desert|seeds|textures|ui]
    [--style S] [--strength X] [--steps N] [--guidance G] [--seeds N]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

_FIXED = """
cactus, treasure chest, red dragon, ice sword, desert rock, rusty sword, health potion, goblin, wooden barrel,
gold coin, magic staff, skeleton warrior, blue slime, oak tree, campfire, wizard, knight helmet, wooden shield,
spaceship, robot, pine tree, mushroom, purple crystal, golden key, old scroll, spell book, bow and arrow, bomb,
lantern, wooden signpost, wooden crate, fountain, bat, spider, ghost, red apple, loaf of bread, heart, castle,
camel skull
"""
_DESERT = """
saguaro cactus, sandstone boulder, camel skull, clay pot, desert tent, palm tree, tumbleweed, wooden cart,
oasis, scorpion, rattlesnake, vulture, broken column, ancient obelisk, round cactus, sphinx statue, oil lamp,
camel, water well, dead tree, dry bush, pile of bones, treasure chest, wooden crate, rope, wooden ladder, stone
arch, desert lizard, wagon wheel, cowboy hat, buried sword, sheriff badge
"""
_SEEDS = "cactus, treasure chest, sword, potion, dragon, tree, rock, helmet"
_TEXTURES = """
grass, desert sand, stone floor, brick wall, lava, ice, dirt, marble, water, mossy stone wall, wooden planks,
cobblestone
"""
_UI = "play button, health bar, inventory slot, panel, cursor, gold coin icon, sword icon, mana bar"


def _split(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split(",")]


FIXED, DESERT, SEEDS, TEXTURES, UI = (_split(text) for text in (_FIXED, _DESERT, _SEEDS, _TEXTURES, _UI))


@dataclass(frozen=True)
class Wish:
    """A request as the encoder reads it."""

    prompt: str
    seed: int
    kind: str = "prop"
    style: str | None = None
    strength: float | None = None
    steps: int = 0
    guidance: float | None = None
    subject: str = ""
    negative_prompt: str = ""
    style_packs: tuple[object, ...] = ()


def load_pipeline(folder: Path) -> Any:
    """The committed folder through plain diffusers, in float32."""
    import torch
    from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline

    pipeline = StableDiffusionXLPipeline.from_pretrained(str(folder), dtype=torch.float32, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def paint(pipeline: Any, encoder: Any, wishes: list[Wish], batch: int = 32) -> list[Image.Image]:
    """RGBA images of the wishes; they share steps, guidance and strength."""
    images: list[Image.Image] = []
    for start in range(0, len(wishes), batch):
        images += pipeline(**encoder.encode(wishes[start : start + batch])).images
    return images


def sheet(images: list[Image.Image], labels: list[str], columns: int = 8, zoom: int = 2) -> Image.Image:
    """Images on a mid-grey ground with their prompts below, enlarged by a whole number."""
    from PIL import Image, ImageDraw

    side, row_height = 64 * zoom + 8, 64 * zoom + 22
    rows = (len(images) + columns - 1) // columns
    page = Image.new("RGB", (columns * side, rows * row_height), (104, 110, 120))
    draw = ImageDraw.Draw(page)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        x, y = number % columns * side + 4, number // columns * row_height + 2
        large = image.resize((64 * zoom, 64 * zoom), 0)
        page.paste(large, (x, y), large)
        draw.text((x, y + 64 * zoom + 2), label[:22], fill=(255, 255, 255))
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--embedder", required=True)
    parser.add_argument("--set", choices=("fixed", "desert", "seeds", "textures", "ui"), default="fixed")
    parser.add_argument("--style")
    parser.add_argument("--strength", type=float)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    from pipelines.nano.encoder import NanoPromptEncoder
    from pipelines.nano.text import FolderEmbedder

    common = {"style": args.style, "strength": args.strength, "steps": args.steps, "guidance": args.guidance}
    if args.set == "seeds":
        wishes = [Wish(prompt, args.seed + k, **common) for prompt in SEEDS for k in range(8)]
    elif args.set == "textures":
        wishes = [Wish(prompt, args.seed + k, kind="texture", **common) for prompt in TEXTURES for k in range(2)]
    elif args.set == "ui":
        wishes = [Wish(prompt, args.seed + k, kind="ui", **common) for prompt in UI for k in range(3)]
    else:
        prompts = FIXED if args.set == "fixed" else DESERT
        wishes = [Wish(prompt, args.seed, **common) for prompt in prompts]
    encoder = NanoPromptEncoder(args.model, FolderEmbedder(args.embedder))
    images = paint(load_pipeline(args.model), encoder, wishes)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    sheet(images, [wish.prompt for wish in wishes]).quantize(256).save(args.out, optimize=True)


if __name__ == "__main__":
    main()
