"""A small image-text dual encoder (as CLIP, Radford et al. 2021) that tells whether a picture shows what is asked for.

The image tower is a residual network over 32 x 32 premultiplied RGBA; the text tower a linear map over MiniLM's mean
vectors. It judges Forge Nano and nothing else: it was trained on the same sources, with the same held-out concepts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

WIDTHS = (40, 80, 160)
DIMENSION = 128
TEXT_WIDTH = 384
FILE = Path(__file__).resolve().parents[2] / "models" / "forge-nano-evaluator.safetensors"


def image_input(images: np.ndarray) -> torch.Tensor:
    """uint8 [n, 64, 64, 4] -> float32 [n, 4, 32, 32]: colours times alpha and alpha, averaged 2 x 2, in -0.5..0.5."""
    import torch

    pixels = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255
    pixels = torch.cat([pixels[:, :3] * pixels[:, 3:], pixels[:, 3:]], 1)
    return torch.nn.functional.avg_pool2d(pixels, 2) - 0.5


def build_towers() -> Any:
    """ModuleDict of `image` ([n, 4, 32, 32] -> [n, 128]), `text` ([n, 384] -> [n, 128]) and the logit scale."""
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(width, width, 3, padding=1, bias=False),
                nn.GroupNorm(8, width),
                nn.SiLU(),
                nn.Conv2d(width, width, 3, padding=1, bias=False),
                nn.GroupNorm(8, width),
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.silu(x + self.body(x))

    layers: list[nn.Module] = []
    before = 4
    for width in WIDTHS:
        layers += [nn.Conv2d(before, width, 3, stride=2, padding=1), nn.GroupNorm(8, width), nn.SiLU(), Residual(width)]
        before = width
    layers += [nn.Flatten(), nn.Dropout(0.1), nn.Linear(before * 16, DIMENSION)]
    return nn.ModuleDict({"image": nn.Sequential(*layers), "text": nn.Linear(TEXT_WIDTH, DIMENSION, bias=False)})


class Evaluator:
    """The trained towers. Both kinds of vectors have length 1; their inner product is the score."""

    def __init__(self, towers: Any) -> None:
        self.towers = towers.eval()

    @classmethod
    def load(cls, file: Path = FILE) -> Evaluator:
        """Raises FileNotFoundError when the weights are not there."""
        from safetensors.torch import load_file

        towers = build_towers()
        towers.load_state_dict({name: value.float() for name, value in load_file(str(file)).items()})
        return cls(towers)

    def images(self, images: np.ndarray, batch: int = 256) -> np.ndarray:
        """Vectors [n, 128] of uint8 pictures [n, 64, 64, 4]."""
        return self._run("image", [image_input(images[i : i + batch]) for i in range(0, len(images), batch)])

    def texts(self, pooled: np.ndarray) -> np.ndarray:
        """Vectors [n, 128] of MiniLM's unit mean vectors [n, 384]."""
        import torch

        return self._run("text", [torch.from_numpy(np.asarray(pooled, np.float32))])

    def _run(self, tower: str, parts: list[torch.Tensor]) -> np.ndarray:
        import torch

        with torch.inference_mode():
            vectors = torch.cat([self.towers[tower](part) for part in parts])
        return torch.nn.functional.normalize(vectors, dim=1).numpy()


def rank_at(scores: np.ndarray, k: int) -> float:
    """Share of rows whose diagonal entry is among their k highest; scores [n, n], row: image, column: caption."""
    own = np.diagonal(scores)[:, None]
    return float(((scores > own).sum(1) < k).mean())
