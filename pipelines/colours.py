"""A picture's main colour in a word, and changes of colour and light that words ask for. Plain numpy."""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

# Hue in degrees up to which a saturated colour has this name.
_HUES = (
    (15, "red"), (42, "orange"), (68, "yellow"), (165, "green"), (198, "cyan"), (262, "blue"), (295, "purple"),
    (342, "pink"), (361, "red"),
)  # fmt: skip
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_DARK, _BRIGHT, _GRAY = 0.18, 0.85, 0.16  # of value and saturation, 0..1
_SAMPLES = 1024
_NAMES = ("black", "white", "gray", "brown", *dict.fromkeys(name for _, name in _HUES))
_WEIGHTS = np.array([0.4 if name in ("black", "white", "gray") else 1.0 for name in _NAMES])
_UNKNOWN = 255
_LEVEL_NAMES = np.full(32**3, _UNKNOWN, np.uint8)  # place in _NAMES of each colour of 5 bits a channel


def main_colour(image: Image.Image) -> str | None:
    """The name of the colour that most visible pixels have; None for an empty picture."""
    pixels = np.asarray(image.convert("RGBA")).reshape(-1, 4)
    visible = np.flatnonzero(pixels[:, 3] >= 128)
    if not len(visible):
        return None
    step = -(-len(visible) // _SAMPLES)
    levels = pixels[visible[::step], :3] // 8 @ np.array([1024, 32, 1], np.int32)
    names = _LEVEL_NAMES[levels]
    for level in np.unique(levels[names == _UNKNOWN]).tolist():  # each of the 32,768 is named once
        colour = (level // 1024, level // 32 % 32, level % 32)
        _LEVEL_NAMES[level] = _NAMES.index(colour_name(*(value * 8 + 4 for value in colour)))
    votes = np.bincount(_LEVEL_NAMES[levels], minlength=len(_NAMES)) * _WEIGHTS
    return max(zip(votes.tolist(), _NAMES, strict=True))[1]


def colour_name(red: int, green: int, blue: int) -> str:
    """The plain name of an RGB colour (0..255 each)."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    if value < _DARK:
        return "black"
    if saturation < _GRAY:
        return "white" if value > _BRIGHT else "gray"
    name = next(name for limit, name in _HUES if hue * 360 < limit)
    if name in ("orange", "red") and value < 0.62 and saturation < 0.85 and hue * 360 > 8:
        return "brown"
    if name == "orange" and value < 0.62:
        return "brown"
    return name


@dataclass(frozen=True)
class Recolouring:
    """What a change in words asks of colour and light. `tint` is an RGB colour (0..1) to go towards by `amount`."""

    light: float = 1.0  # factor on all channels
    contrast: float = 1.0
    saturation: float = 1.0
    hue: float = 0.0  # degrees
    tint: tuple[float, float, float] | None = None
    amount: float = 0.0
    glow: tuple[float, float, float] | None = None  # colour of a glow around the figure

    def __bool__(self) -> bool:
        return self != Recolouring()


_NAMED: dict[str, tuple[float, float, float]] = {
    "red": (0.85, 0.12, 0.1), "orange": (0.95, 0.5, 0.1), "yellow": (0.95, 0.85, 0.2), "gold": (0.9, 0.7, 0.2),
    "green": (0.2, 0.7, 0.2), "cyan": (0.2, 0.8, 0.85), "blue": (0.15, 0.35, 0.95), "purple": (0.55, 0.2, 0.85),
    "pink": (0.95, 0.45, 0.7), "brown": (0.5, 0.32, 0.16), "gray": (0.5, 0.5, 0.5), "black": (0.12, 0.12, 0.14),
    "white": (0.96, 0.96, 0.98), "teal": (0.1, 0.6, 0.6), "silver": (0.75, 0.77, 0.8),
}  # fmt: skip
_WORD_FOR = {
    "redder": "red", "reddish": "red", "orangey": "orange", "yellower": "yellow", "yellowish": "yellow",
    "golden": "gold",
    "greener": "green", "greenish": "green", "bluer": "blue", "bluish": "blue", "purpler": "purple", "violet": "purple",
    "purplish": "purple", "pinker": "pink", "pinkish": "pink", "browner": "brown", "brownish": "brown", "grey": "gray",
    "grayer": "gray", "greyer": "gray", "blacker": "black", "whiter": "white", "turquoise": "cyan", "icy": "cyan",
}  # fmt: skip
_LIGHT = {
    "darker": 0.62, "dark": 0.62, "dimmer": 0.7, "darkened": 0.62, "lighter": 1.4, "brighter": 1.4, "bright": 1.3,
    "light": 1.35, "paler": 1.3, "pale": 1.3,
}  # fmt: skip
_SATURATION = {
    "paler": 0.6, "pale": 0.6, "faded": 0.45, "washed": 0.45, "duller": 0.5, "desaturated": 0.3, "muted": 0.5,
    "vivid": 1.6, "saturated": 1.6, "colourful": 1.6, "colorful": 1.6, "richer": 1.4, "monochrome": 0.0,
    "grayscale": 0.0, "greyscale": 0.0,
}  # fmt: skip
_WARM = {"warmer": ((1.0, 0.6, 0.25), 0.22), "colder": ((0.3, 0.55, 1.0), 0.22), "cooler": ((0.3, 0.55, 1.0), 0.22)}
_GLOW = re.compile(r"\b(?:glow|glowing|aura|halo)\b", re.I)
_MUCH = frozenset(["much", "far", "very", "way", "lot", "a lot", "really", "super", "extremely"])
_LITTLE = frozenset(["slightly", "bit", "little", "somewhat", "touch", "tad"])


def read_recolouring(change: str) -> Recolouring:
    """Colour and light that "darker", "with a bluer glow" or "a bit more red" ask for; nothing for other changes."""
    text = _without_negated(change.lower())
    words = re.findall(r"[a-z]+", text)
    much = any(word in _MUCH for word in words) and "less" not in words
    strength = 1.6 if much else 0.5 if any(word in _LITTLE for word in words) else 1.0
    light = saturation = 1.0
    for before, spoken in zip(["", *words], words, strict=False):
        word = str(spoken)
        if before in ("less", "too", "not"):
            word = {"bright": "darker", "dark": "brighter", "saturated": "duller", "pale": "vivid", "light": "darker",
                    "colourful": "muted", "colorful": "muted", "vivid": "muted"}.get(word, word)  # fmt: skip
        light *= _scaled(_LIGHT.get(word, 1.0), strength)
        saturation *= _scaled(_SATURATION.get(word, 1.0), strength)
    names = [_WORD_FOR.get(word, word) for word in words]
    colour = next((_NAMED[name] for name in names if name in _NAMED), None)
    if colour is not None and (_negated_colour(words) or ("dark" in words and "black" in names)):
        colour = None
    glow = colour or (1.0, 0.9, 0.5) if _GLOW.search(text) else None
    warm = next((_WARM[word] for word in words if word in _WARM), None)
    if warm is not None and colour is None:
        return Recolouring(light, 1.0, saturation, 0.0, warm[0], min(0.8, warm[1] * strength))
    amount = min(0.9, 0.5 * strength) if colour is not None else 0.0
    return Recolouring(light, 1.0, saturation, 0.0, colour, amount, glow)


def _negated_colour(words: list[str]) -> bool:
    return any(first == "less" and second in _NAMED for first, second in zip(words, words[1:], strict=False))


def _without_negated(text: str) -> str:
    return re.sub(r"\b(?:without|no|not|remove|lose|drop)\b[^,;]*?(?=,|;|\band\b|\bbut\b|$)", " ", text)


def _scaled(factor: float, strength: float) -> float:
    return factor**strength


def recolour_image(image: Image.Image, change: Recolouring, *, tileable: bool = False) -> Image.Image:
    """The picture in other colours: same size, same alpha (but for a glow), hidden colours untouched.

    Light is a factor on the channels; a tint goes towards the colour while the luma of each pixel stays, so that the
    drawing is kept; bright pixels take more of it than dark outlines.
    """
    pixels = np.asarray(image.convert("RGBA"), np.float32) / 255
    rgb, alpha = pixels[..., :3], pixels[..., 3:]
    if change.tint is not None and change.amount > 0:
        luma = rgb @ _LUMA
        target = np.array(change.tint, np.float32)
        tinted = target * (luma / max(1e-3, float(target @ _LUMA)))[..., None]
        over = np.clip(tinted - 1, 0, None).sum(-1, keepdims=True) / 3
        tinted = np.clip(tinted + over * (1 - np.clip(tinted, 0, 1)), 0, 1)
        weight = change.amount * (0.5 + 0.5 * np.clip(luma * 2, 0, 1))[..., None]
        rgb = rgb * (1 - weight) + tinted * weight
    if change.saturation != 1.0:
        gray = (rgb @ _LUMA)[..., None]
        rgb = gray + (rgb - gray) * change.saturation
    rgb = np.clip(rgb * change.light, 0, 1)
    out = np.concatenate([rgb, alpha], -1)
    out[alpha[..., 0] == 0] = 0
    coloured = Image.fromarray(np.rint(out * 255).astype(np.uint8))
    if change.glow is not None and not tileable:
        return _with_glow(coloured, change.glow)
    return coloured


def _with_glow(image: Image.Image, colour: tuple[float, float, float]) -> Image.Image:
    """A soft edge of light behind the figure, where its canvas has room; pixel art gets one hard rim of one pixel."""
    pixels = np.array(image)
    alpha = pixels[..., 3]
    hard = bool(np.isin(alpha, (0, 255)).all()) and max(image.size) <= 128
    reach = 1 if hard else max(2, round(max(image.size) * 0.03))
    solid = alpha >= 128
    glow = np.zeros(alpha.shape, np.float32)
    grown = solid
    for step in range(1, reach + 1):
        padded = np.pad(grown, 1)
        grown = padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
        ring = grown & (glow == 0) & ~solid
        glow[ring] = 1.0 if hard else 0.85 * (1 - (step - 1) / reach)
    ring = (glow > 0) & (alpha < 128)
    light = np.concatenate([np.array(colour, np.float32) * 255, [0]])
    pixels[ring] = np.rint(light).astype(np.uint8)
    pixels[..., 3] = np.where(ring, np.rint(glow * 255).astype(np.uint8), alpha)
    return Image.fromarray(pixels)
