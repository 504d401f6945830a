"""Motions for one sprite: frames that a player can loop, made by moving, leaning and squeezing what is there.

No model draws a new pose here. A still picture knows nothing of the legs behind it, so a walk is what puppet animation
makes of one cut-out: the body bobs and leans, and below the hip each half swings and lifts in its turn. The motions
that suit a cut-out (idle, bob, hop, spin, shake, hit) can stand beside hand-made ones; `QUALITY` says which cannot.
Pixels move by whole pixels, so that pixel art keeps its palette and its edges.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, cos, pi, sin

import numpy as np
from PIL import Image

from errors import BadRequest
from pipelines.sprites import clean_alpha, trim

FRAMES = {"walk": 6, "idle": 4, "bob": 4, "hop": 6, "spin": 8, "shake": 4, "hit": 4}
FPS = {"walk": 8.0, "idle": 4.0, "bob": 6.0, "hop": 10.0, "spin": 10.0, "shake": 16.0, "hit": 12.0}
WHAT = {
    "walk": "steps in place",
    "idle": "breathes",
    "bob": "floats up and down",
    "hop": "jumps with squash and stretch",
    "spin": "turns about its upright axis, like a coin",
    "shake": "trembles",
    "hit": "flashes white and is knocked back",
}
QUALITY = {
    "walk": "The legs are not drawn anew: the one picture is bobbed, leaned and swung below the hip, which reads as "
    "steps at game size but is no hand-drawn walk.",
    "spin": "The back is the mirrored front.",
}
MOTIONS = tuple(FRAMES)
MOST_FRAMES = 24
LEAST_FRAMES = 2
HIP = 0.62  # share of the height, from the top: below it are the legs


@dataclass(frozen=True)
class Cycle:
    """Frames of equal size (RGBA) whose `pivot` (shares from the top left) is the same point of the ground."""

    frames: tuple[Image.Image, ...]
    pivot: tuple[float, float]


_NAMES = {
    "walk": "walk walking run running step steps march marching",
    "idle": "idle idling breathe breathing breath stand standing",
    "bob": "bob bobbing float floating hover hovering",
    "hop": "hop hopping jump jumping bounce bouncing",
    "spin": "spin spinning rotate rotating rotation turn turning turntable",
    "shake": "shake shaking tremble trembling wobble",
    "hit": "hit hurt damage flash hit-flash hitflash",
}
BY_NAME = {word: motion for motion, words in _NAMES.items() for word in words.split()}


def motion_named(text: str) -> str:
    """The motion that the words mean. Raises BadRequest with the list of motions."""
    for word in text.lower().replace("_", " ").replace("-", " ").split():
        if word in BY_NAME:
            return BY_NAME[word]
    raise BadRequest(f"There is no motion {text!r}. Choose one of {', '.join(MOTIONS)}.")


def check_motion(motion: str, frames: int | None, fps: float | None) -> tuple[int, float]:
    """Frames and frames per second with the motion's own filled in. Raises BadRequest."""
    if motion not in FRAMES:
        raise BadRequest(f"There is no motion {motion!r}. Choose one of {', '.join(MOTIONS)}.")
    count = FRAMES[motion] if frames is None else frames
    if not LEAST_FRAMES <= count <= MOST_FRAMES:
        raise BadRequest(f"An animation has {LEAST_FRAMES} to {MOST_FRAMES} frames; {count} cannot be made.")
    speed = FPS[motion] if fps is None else fps
    if not 1 <= speed <= 60:
        raise BadRequest(f"The speed can be 1 to 60 frames per second; {speed:g} cannot be used.")
    return count, speed


def animate(sprite: Image.Image, motion: str, frames: int | None = None) -> Cycle:
    """The frames of a motion, from one trimmed or whole sprite. The same input gives the same bytes.

    Raises:
        BadRequest: there is no such motion, or too many or few frames.
    """
    count, _ = check_motion(motion, frames, None)
    body, _ = trim(sprite.convert("RGBA"))
    poses = [_POSES[motion](body, index / count) for index in range(count)]
    left = max(pose.left for pose in poses)
    right = max(pose.image.width - pose.left for pose in poses)
    above = max(pose.image.height + pose.lift for pose in poses)
    below = max(0, max(-pose.lift for pose in poses))
    side = max(left, right)
    size = (2 * side, above + below)
    drawn = []
    for pose in poses:
        frame = Image.new("RGBA", size)
        frame.paste(pose.image, (side - pose.left, above - pose.lift - pose.image.height))
        drawn.append(frame)
    return Cycle(tuple(drawn), (0.5, above / size[1]))


@dataclass(frozen=True)
class _Pose:
    """A picture that stands with its column `left` on the pivot, `lift` px above the ground."""

    image: Image.Image
    left: int
    lift: int


def _pose(image: Image.Image, dx: float = 0.0, lift: float = 0.0) -> _Pose:
    return _Pose(image, image.width // 2 - round(dx), round(lift))


def _amount(body: Image.Image, share: float) -> float:
    """A distance that grows with the sprite and can be seen on the smallest one."""
    return max(1.0, share * max(body.size))


def _scaled(body: Image.Image, width: float, height: float) -> Image.Image:
    size = (max(1, round(body.width * width)), max(1, round(body.height * height)))
    return body if size == body.size else body.resize(size, Image.Resampling.NEAREST)


def _squeezed(body: Image.Image, share: float) -> Image.Image:
    """Lower by `share` of the height (higher where it is negative) and as much broader, as something soft."""
    return _scaled(body, 1 + share * 0.7, 1 - share)


def _sheared(body: Image.Image, top: int, bottom: int, reach: Callable[[float], float]) -> Image.Image:
    """Rows from `top` to `bottom` moved sideways by `reach(0..1 of the way down)` px, the rest in line with them."""
    room = ceil(max(abs(reach(0.0)), abs(reach(1.0)))) + 1
    pixels = np.asarray(body)
    out = np.zeros((body.height, body.width + 2 * room, 4), np.uint8)
    for row in range(body.height):
        way = min(1.0, max(0.0, (row - top) / max(1, bottom - top)))
        start = room + round(reach(way))
        out[row, start : start + body.width] = pixels[row]
    return Image.fromarray(out)


def _walk(body: Image.Image, phase: float) -> _Pose:
    """Two steps, one with each foot: the body is lowest in the longest stride and highest between two."""
    swing = sin(2 * pi * phase)
    stride, lean = _amount(body, 0.07), _amount(body, 0.02)
    hip = round(body.height * HIP)
    if body.height - hip < 2:  # nothing that could be legs
        return _pose(body, lift=1.0 if 0.25 <= phase < 0.75 else 0.0)
    upper = _sheared(body.crop((0, 0, body.width, hip)), 0, hip, lambda way: lean * swing * (1 - way))
    lower = _legs(body.crop((0, hip, body.width, body.height)), stride * swing, _amount(body, 0.05) * abs(swing))
    width = max(upper.width, lower.width)
    whole = Image.new("RGBA", (width, body.height))
    whole.paste(upper, ((width - upper.width) // 2, 0))
    whole.alpha_composite(lower, ((width - lower.width) // 2, hip))
    return _pose(whole, lift=_amount(body, 0.04) * (1 + cos(4 * pi * phase - pi / 3)) / 2)


def _legs(legs: Image.Image, stride: float, lift: float) -> Image.Image:
    """The left half swings one way and the right half the other; the one that comes forward leaves the ground."""
    middle = legs.width // 2
    left, right = legs.copy(), legs.copy()
    left.paste((0, 0, 0, 0), (middle, 0, legs.width, legs.height))
    right.paste((0, 0, 0, 0), (0, 0, middle, legs.height))
    out: Image.Image | None = None
    for part, by in ((right, -stride), (left, stride)):
        swung = _sheared(part, 0, legs.height, lambda way, by=by: by * way)
        if out is None:
            out = Image.new("RGBA", swung.size)
        out.alpha_composite(swung, (0, 0), (0, round(lift) if by > 0 else 0))
    assert out is not None
    return out


def _idle(body: Image.Image, phase: float) -> _Pose:
    breath = (1 - cos(2 * pi * phase)) / 2
    down = round(_amount(body, 0.04) * breath)
    return _pose(_scaled(body, 1 + (0.02 if down else 0.0), (body.height - down) / body.height))


def _bob(body: Image.Image, phase: float) -> _Pose:
    return _pose(body, lift=_amount(body, 0.06) * (1 + sin(2 * pi * phase)))


def _hop(body: Image.Image, phase: float) -> _Pose:
    if phase < 0.2:
        return _pose(_squeezed(body, 0.18 * sin(pi * phase / 0.2)))
    air = (phase - 0.2) / 0.8
    height = sin(pi * air)
    return _pose(_squeezed(body, -0.08 * height), lift=_amount(body, 0.4) * height)


def _spin(body: Image.Image, phase: float) -> _Pose:
    turn = cos(2 * pi * phase)
    turned = body if turn >= 0 else body.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return _pose(_scaled(turned, max(abs(turn), 1.5 / body.width), 1.0))


def _shake(body: Image.Image, phase: float) -> _Pose:
    return _pose(body, dx=_amount(body, 0.04) * sin(4 * pi * phase + pi / 4))


def _hit(body: Image.Image, phase: float) -> _Pose:
    """White at once, back to its colours while it slides back from the blow."""
    white = max(0.0, 1 - 2 * phase)
    pixels = np.asarray(body, np.float32).copy()
    pixels[..., :3] += (255 - pixels[..., :3]) * white
    pixels[pixels[..., 3] == 0] = 0
    flashed = clean_alpha(Image.fromarray(np.rint(pixels).astype(np.uint8)))
    return _pose(flashed, dx=_amount(body, 0.1) * (1 - phase) * (phase > 0))


_POSES: dict[str, Callable[[Image.Image, float], _Pose]] = {
    "walk": _walk, "idle": _idle, "bob": _bob, "hop": _hop, "spin": _spin, "shake": _shake, "hit": _hit,
}  # fmt: skip
