"""Seamless ground and wall textures in pixel art, computed for this project on a periodic 32 x 32 grid, doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from pipelines.nano.records import SIZE, Record

SOURCE = "Computed for GameForge"
LICENCE = "CC0-1.0"
GRID = 32
Colours = list[tuple[int, int, int]]


def periodic_noise(rng: np.random.Generator, smooth: float, stretch: float = 1.0) -> np.ndarray:
    """Noise [32, 32] in 0..1 without seams: white noise low-passed in the Fourier domain. `stretch` > 1 makes rows."""
    frequency = np.fft.fftfreq(GRID) * GRID
    damp = np.exp(-((frequency[:, None] / stretch) ** 2 + (frequency[None] * stretch) ** 2) / (2 * smooth**2))
    field = np.real(np.fft.ifft2(np.fft.fft2(rng.standard_normal((GRID, GRID))) * damp))
    ranks = field.ravel().argsort().argsort().reshape(GRID, GRID)
    return ranks / (GRID * GRID - 1)


def paint(levels: np.ndarray, colours: Colours) -> np.ndarray:
    """Map 0..1 to a palette from dark to light, uint8 [32, 32, 3]."""
    index = np.clip((levels * len(colours)).astype(int), 0, len(colours) - 1)
    return np.array(colours, np.uint8)[index]


def _mixed(rng: np.random.Generator, smooth: float = 5, grain: float = 0.35, stretch: float = 1.0) -> np.ndarray:
    return (1 - grain) * periodic_noise(rng, smooth, stretch) + grain * rng.random((GRID, GRID))


def speckled(colours: Colours, smooth: float = 5, grain: float = 0.35) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda rng: paint(_mixed(rng, smooth, grain), colours)


def rippled(colours: Colours) -> Callable[[np.random.Generator], np.ndarray]:
    def draw(rng: np.random.Generator) -> np.ndarray:
        y = np.arange(GRID)[:, None] / GRID
        wave = 0.5 + 0.5 * np.sin(2 * np.pi * (y * 4 + 0.35 * periodic_noise(rng, 2.5)))
        return paint(0.75 * wave + 0.25 * rng.random((GRID, GRID)), colours)

    return draw


def planks(colours: Colours, height: int = 8) -> Callable[[np.random.Generator], np.ndarray]:
    def draw(rng: np.random.Generator) -> np.ndarray:
        image = paint(0.2 + 0.7 * _mixed(rng, 6, 0.2, stretch=3), colours)
        for row in range(0, GRID, height):
            image[row] = colours[0]
            image[row + 1] = colours[-1]
            image[row : row + height, int(rng.integers(GRID))] = colours[0]
        return image

    return draw


def bricks(colours: Colours, height: int = 8, width: int = 16) -> Callable[[np.random.Generator], np.ndarray]:
    def draw(rng: np.random.Generator) -> np.ndarray:
        image = paint(0.25 + 0.5 * _mixed(rng, 6, 0.5), colours)
        for number, row in enumerate(range(0, GRID, height)):
            shift = width // 2 * (number % 2)
            for column in range(0, GRID, width):
                block = np.ix_(range(row, row + height), [(column + shift + i) % GRID for i in range(width)])
                image[block] = np.clip(image[block].astype(int) + int(rng.integers(-14, 14)), 0, 255)
                image[row + 1, [(column + shift + i) % GRID for i in range(width)]] = colours[-1]
                image[row : row + height, (column + shift) % GRID] = colours[0]
            image[row] = colours[0]
        return image

    return draw


def cells(colours: Colours, count: int = 14, gap: float = 1.3) -> Callable[[np.random.Generator], np.ndarray]:
    """Cobbles, cracks and scales: Voronoi cells on the torus; `gap` px between them take the darkest colour."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        points = rng.random((count, 2)) * GRID
        y, x = np.mgrid[:GRID, :GRID]
        offsets = np.abs(np.stack([y, x], -1)[:, :, None] - points)
        distance = np.sqrt((np.minimum(offsets, GRID - offsets) ** 2).sum(-1))
        nearest = np.sort(distance, -1)
        tone = rng.random(count)[distance.argmin(-1)]
        light = (
            0.3 + 0.35 * tone + 0.2 * (1 - nearest[..., 0] / nearest[..., 0].max()) + 0.15 * rng.random((GRID, GRID))
        )
        light[nearest[..., 1] - nearest[..., 0] < gap] = 0
        return paint(light, colours)

    return draw


def checks(colours: Colours, size: int = 8, diagonal: bool = False) -> Callable[[np.random.Generator], np.ndarray]:
    def draw(rng: np.random.Generator) -> np.ndarray:
        y, x = np.mgrid[:GRID, :GRID]
        odd = ((x + y) // size) % 2 if diagonal else (x // size + y // size) % 2
        tone = np.where(odd == 1, 0.8, 0.35) + 0.12 * (rng.random((GRID, GRID)) - 0.5)
        edge = ((x % size == 0) | (y % size == 0)) & (not diagonal)
        return paint(np.where(edge, 0.1, tone), colours)

    return draw


_SAND: Colours = [(196, 152, 84), (210, 168, 98), (222, 182, 112), (233, 196, 128), (242, 210, 146)]
_WOOD: Colours = [(70, 44, 24), (104, 68, 38), (128, 86, 50), (148, 102, 60), (168, 120, 74)]
_STONE: Colours = [(58, 60, 66), (92, 96, 104), (112, 117, 126), (132, 138, 148), (154, 160, 170)]
_GRASS: Colours = [(44, 92, 40), (56, 112, 46), (68, 130, 54), (84, 148, 62), (106, 168, 76)]
_SNOW: Colours = [(196, 214, 230), (212, 226, 240), (226, 236, 246), (238, 245, 251), (250, 252, 255)]
_ICE: Colours = [(96, 160, 196), (132, 190, 218), (158, 208, 230), (186, 224, 240), (218, 242, 250)]
_DIRT: Colours = [(74, 50, 32), (94, 66, 42), (110, 78, 50), (126, 92, 60), (142, 106, 72)]
_LAVA: Colours = [(52, 18, 14), (120, 30, 14), (206, 62, 18), (244, 132, 30), (255, 214, 92)]
_WATER: Colours = [(28, 84, 150), (36, 102, 172), (48, 122, 192), (72, 146, 210), (132, 190, 232)]
_RED: Colours = [(84, 34, 28), (124, 52, 42), (146, 64, 50), (166, 78, 60), (186, 98, 76)]
_MUD: Colours = [(58, 46, 34), (74, 60, 44), (88, 72, 54), (100, 84, 62), (116, 98, 74)]
_METAL: Colours = [(54, 62, 74), (84, 94, 108), (104, 116, 130), (124, 136, 152), (168, 180, 194)]
_MOSS: Colours = [(50, 66, 40), (74, 92, 56), (92, 112, 66), (112, 132, 78), (130, 156, 84)]
_LEAVES: Colours = [(62, 52, 28), (84, 70, 34), (98, 96, 44), (120, 104, 48), (150, 110, 50)]
_HAZARD: Colours = [(26, 26, 28), (40, 40, 42), (60, 58, 40), (220, 180, 40), (240, 204, 60)]

GROUNDS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "sand ground": speckled(_SAND),
    "rippled sand": rippled(_SAND),
    "cracked dry earth": cells([(92, 62, 38), *_SAND[:3], _SAND[3]], 12),
    "wooden planks": planks(_WOOD),
    "old wooden floor planks": planks([(52, 40, 30), (84, 68, 52), (102, 84, 66), (118, 100, 80), (134, 116, 94)], 8),
    "stone brick wall": bricks(_STONE),
    "red brick wall": bricks(_RED),
    "sandstone brick wall": bricks([(140, 100, 56), *_SAND[:4]]),
    "mossy stone brick wall": bricks([_STONE[0], _MOSS[1], _STONE[2], _MOSS[3], _STONE[4]]),
    "cobblestone floor": cells(_STONE, 16),
    "cobblestone path": cells([_DIRT[0], *_STONE[1:]], 12, 1.8),
    "stone tile floor": checks(_STONE, 16),
    "marble checker floor": checks([(60, 60, 66), (90, 90, 98), (140, 140, 150), (210, 210, 216), (238, 238, 242)], 8),
    "grass ground": speckled(_GRASS, 4, 0.5),
    "snow ground": speckled(_SNOW, 3, 0.25),
    "ice floor cracked": cells([(232, 248, 255), *_ICE[1:][::-1]], 9, 0.8),
    "dirt ground": speckled(_DIRT, 5, 0.45),
    "mud ground": speckled(_MUD, 3, 0.15),
    "gravel ground": cells(_STONE, 60, 0.7),
    "lava": rippled(_LAVA),
    "cracked lava rock": cells([(255, 150, 40), (60, 34, 30), (72, 44, 38), (86, 54, 46), (98, 64, 54)], 11, 1.2),
    "water": rippled(_WATER),
    "mossy ground": speckled(_MOSS, 4, 0.4),
    "metal plate wall": bricks(_METAL, 16, 16),
    "hazard stripes": checks(_HAZARD, 8, diagonal=True),
    "roof tiles": bricks(_RED, 4, 8),
    "volcanic ash ground": speckled([(38, 34, 36), (52, 48, 50), (64, 60, 62), (78, 72, 74), (92, 86, 88)], 5, 0.5),
    "asphalt road": speckled([(52, 54, 58), (58, 60, 64), (64, 66, 70), (70, 72, 76), (78, 80, 84)], 8, 0.8),
    "hay straw ground": planks([(150, 112, 40), (180, 138, 52), (202, 160, 66), (220, 180, 84), (236, 200, 106)], 4),
    "alien purple ground": cells([(44, 20, 66), (84, 44, 118), (104, 60, 140), (126, 78, 162), (150, 104, 184)], 14, 1),
    "swamp ground": speckled([(40, 54, 34), (52, 68, 40), (66, 82, 46), (80, 92, 54), (60, 84, 74)], 3, 0.25),
    "leaf covered forest floor": speckled(
        [(62, 52, 28), (84, 70, 34), (98, 96, 44), (120, 104, 48), (150, 110, 50)], 9, 0.5
    ),
}


def read_grounds(seeds: int = 4) -> Iterator[tuple[Record, Image.Image]]:
    """Every ground in `seeds` versions with its record."""
    for number, (name, draw) in enumerate(GROUNDS.items()):
        for seed in range(seeds):
            pixels = draw(np.random.default_rng((number, seed)))
            image = Image.fromarray(pixels, "RGB").convert("RGBA").resize((SIZE, SIZE), Image.Resampling.NEAREST)
            key = f"grounds/{name.replace(' ', '-')}-{seed}"
            tags = ["seamless texture", "ground" if "wall" not in name else "wall"]
            yield Record(key, name, "pixel", ["texture", "tile"], SOURCE, LICENCE, tags, flip=False), image
