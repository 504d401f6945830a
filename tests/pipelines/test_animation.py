"""Motions of one sprite: frames of one size, on one pivot, that move, in the sprite's own colours."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from errors import BadRequest
from pipelines.animation import FPS, FRAMES, MOTIONS, animate, check_motion, motion_named

SMALL, TALL = (5, 7), (32, 48)


def figure(size: tuple[int, int]) -> Image.Image:
    """A head on two legs, with an empty margin around."""
    width, height = size
    image = Image.new("RGBA", (width + 6, height + 6))
    draw = ImageDraw.Draw(image)
    draw.rectangle((3, 3, width + 2, height // 2 + 3), fill=(60, 90, 160, 255))
    draw.rectangle((3, height // 2 + 3, 3 + width // 3, height + 2), fill=(90, 60, 40, 255))
    draw.rectangle((width + 2 - width // 3, height // 2 + 3, width + 2, height + 2), fill=(40, 60, 90, 255))
    return image


def colours(image: Image.Image) -> set[tuple[int, ...]]:
    return {tuple(pixel) for pixel in np.asarray(image).reshape(-1, 4) if pixel[3]}


@pytest.mark.parametrize("size", [SMALL, TALL, (1, 1)])
@pytest.mark.parametrize("motion", MOTIONS)
def test_frames_are_of_one_size_and_loop_on_one_pivot(motion: str, size: tuple[int, int]) -> None:
    body = figure(size)
    cycle = animate(body, motion)
    assert len(cycle.frames) == FRAMES[motion] and len({frame.size for frame in cycle.frames}) == 1
    assert len({frame.tobytes() for frame in cycle.frames}) >= (2 if size != (1, 1) or motion == "bob" else 1)
    assert cycle.pivot == (0.5, 1.0)
    assert [frame.tobytes() for frame in animate(body, motion).frames] == [frame.tobytes() for frame in cycle.frames]
    if motion != "hit":
        assert set().union(*map(colours, cycle.frames)) <= colours(body)
    lowest = [frame.getchannel("A").getbbox() for frame in cycle.frames]
    assert all(box is not None for box in lowest)
    if motion in ("idle", "spin", "shake", "hit"):  # these stand on the ground all the time
        assert {box[3] for box in lowest if box} == {cycle.frames[0].height}


def test_a_walk_puts_one_foot_before_the_other() -> None:
    """Half a cycle apart the legs have changed their parts, and no two neighbours are the same picture."""
    frames = animate(figure(TALL), "walk", 6).frames
    assert all(a.tobytes() != b.tobytes() for a, b in zip(frames, frames[1:] + frames[:1], strict=True))

    def reach(frame: Image.Image, colour: tuple[int, int, int]) -> float:
        rows = np.asarray(frame)[-8:]
        return float(np.argwhere((rows[..., :3] == colour).all(-1))[:, 1].mean())

    left = [reach(frame, (90, 60, 40)) for frame in frames]
    right = [reach(frame, (40, 60, 90)) for frame in frames]
    assert left[1] > left[0] > left[4] and right[1] < right[0] < right[4]


def test_spin_shows_the_back_and_hit_is_white_first() -> None:
    spin = animate(figure(TALL), "spin", 8).frames
    widths = [frame.getchannel("A").getbbox() for frame in spin]
    assert [box[2] - box[0] for box in widths if box][2] <= 3
    assert np.array_equal(np.asarray(spin[4]), np.asarray(spin[0].transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    assert colours(animate(figure(TALL), "hit").frames[0]) == {(255, 255, 255, 255)}


def test_words_and_bad_orders() -> None:
    assert [motion_named(text) for text in ("Walking", "hit-flash", "a jump", "float")] == ["walk", "hit", "hop", "bob"]
    assert check_motion("idle", None, None) == (FRAMES["idle"], FPS["idle"])
    for motion, frames, fps, words in (
        ("dance", None, None, "There is no motion 'dance'. Choose one of walk"),
        ("walk", 1, None, "2 to 24 frames; 1 cannot"),
        ("walk", 25, None, "2 to 24 frames"),
        ("walk", 6, 0.5, "1 to 60 frames per second"),
    ):
        with pytest.raises(BadRequest, match=words):
            check_motion(motion, frames, fps)
    with pytest.raises(BadRequest, match="There is no motion"):
        motion_named("dance")
    empty = animate(Image.new("RGBA", (4, 4)), "walk")
    assert len(empty.frames) == 6
