"""Cleaning, naming and splitting of the training images of Forge Nano."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.nano.captions import captions, prompt_text
from pipelines.nano.data import clean, is_held_out, read_records, write_set
from pipelines.nano.dcss import broader, read_dcss, tile_kinds, tile_name, unknown_licence
from pipelines.nano.emoji import short_hex, slug
from pipelines.nano.records import (
    Record,
    clean_name,
    coverage,
    first_sprite,
    fit_pixel_art,
    fit_smooth,
    to_pixel_art,
)


def blob(size: int, box: tuple[int, int, int, int], colour: tuple[int, int, int, int]) -> Image.Image:
    image = Image.new("RGBA", (size, size), (9, 9, 9, 0))
    image.paste(colour, box)
    return image


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("item/potion/sky_blue", "sky blue potion"),
        ("item/weapon/long_sword3", "long sword"),
        ("item/gold/16", "gold coins"),
        ("item/wand/gem_bone", "bone wand"),
        ("dngn/statues/statue_angel", "angel statue"),
        ("dngn/wall/brick_brown4", "brick brown wall"),
        ("mon/draco/draco-base-red", "red draconian"),
        ("player/base/draconian_black_f", "black draconian"),
        ("mon/undead/spectrals/spectral_ant", "ghost ant"),
        ("UNUSED/spells/banishment", "banishment spell icon"),
        ("mon/unique/tiamat_red", "red dragon"),
    ],
)
def test_tile_names_say_what_is_shown(path: str, name: str) -> None:
    assert tile_name(path) == (name, True)


def test_proper_names_are_no_exemplars() -> None:
    assert tile_name("mon/unique/sigmund") == ("fantasy character", False)


def test_tile_kinds() -> None:
    assert tile_kinds("dngn/floor/ice0")[0] == "texture"
    assert tile_kinds("mon/goblin") == ["character"]
    assert "item" in tile_kinds("item/potion/ruby")


def test_broader_words() -> None:
    assert "sword" in broader("ancient scimitar")
    assert "sword" not in broader("iron sword")


def test_unknown_licences_are_read_in_both_spellings() -> None:
    listing = "- arrow1.png\n\t- rltiles/mon/minotaur.png\n- crawl-ref/source/x/cat1.png "
    assert unknown_licence(listing) == {"arrow1.png", "minotaur.png", "cat1.png"}


def test_reader_leaves_out_overlays_unclear_licences_and_empty_tiles(tmp_path: Path) -> None:
    (tmp_path / "TILES_UNDER_UNKNOWN_LICENSE.md").write_text("- banned.png\n", encoding="utf-8")
    solid, faint = blob(32, (4, 4, 28, 28), (200, 30, 30, 255)), blob(32, (0, 0, 2, 2), (1, 1, 1, 255))
    for path, image in {
        "item/potion/ruby.png": solid,
        "item/potion/i-magic.png": solid,
        "item/weapon/banned.png": solid,
        "misc/blood/blood1.png": solid,
        "player/hair/aragorn.png": solid,
        "mon/goblin.png": faint,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        image.save(tmp_path / path)
    found = list(read_dcss(tmp_path))
    assert [record.name for record, _ in found] == ["ruby potion"]
    assert found[0][1].size == (64, 64)


def test_hidden_colours_are_cleared_and_pixel_art_scales_by_whole_numbers() -> None:
    image = fit_pixel_art(blob(20, (2, 3, 12, 19), (10, 200, 30, 255)))
    data = np.asarray(image)
    assert image.size == (64, 64)
    assert data[0, 0].tolist() == [0, 0, 0, 0]
    assert set(np.unique(data[..., 3])) == {0, 255}
    assert int((data[..., 3] == 255).sum()) == 10 * 16 * 16  # four times in each direction


def test_smooth_fit_keeps_a_margin() -> None:
    data = np.asarray(fit_smooth(blob(100, (0, 0, 100, 50), (255, 0, 0, 255))))
    assert data[:, 0, 3].max() == 0
    assert data[32, 1:63, 3].min() > 200


def test_redrawn_pixel_art_has_hard_alpha_few_colours_and_an_outline() -> None:
    x, y = np.meshgrid(np.arange(96), np.arange(96))
    inside = (x - 48) ** 2 + (y - 48) ** 2 < 44**2
    data = np.stack([x * 2, y * 2, np.full_like(x, 90), inside * 255], -1).astype(np.uint8)
    out = np.asarray(to_pixel_art(Image.fromarray(data, "RGBA")))
    assert out.shape == (64, 64, 4)
    assert set(np.unique(out[..., 3])) == {0, 255}
    assert len({tuple(colour) for colour in out[out[..., 3] == 255]}) <= 21
    assert (out[::2] == out[1::2]).all()
    rows = np.flatnonzero(out[32, :, 3])
    assert out[32, rows[0], :3].max() < 60  # the outline is dark
    assert out[32, 32, :3].max() > 60


def test_first_sprite_of_a_sheet() -> None:
    sheet = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    sheet.paste((255, 0, 0, 255), (3, 2, 12, 18))
    sheet.paste((0, 255, 0, 255), (20, 2, 30, 18))
    assert first_sprite(sheet).size == (9, 16)
    assert first_sprite(sheet, (16, 16)).size == (16, 16)


def test_names_of_icon_sets() -> None:
    assert clean_name("grass_flowers_red3") == "grass flowers red"
    assert slug("Jack-O-Lantern") == "jack-o-lantern"
    assert slug("woman’s hat") == "womans-hat"
    assert short_hex("2764-FE0F") == "2764"


def test_duplicates_go_and_the_split_follows_the_name(tmp_path: Path) -> None:
    image, other = blob(64, (8, 8, 50, 50), (1, 2, 3, 255)), blob(64, (8, 8, 40, 50), (1, 2, 3, 255))
    pairs = [
        (Record(f"x/{i}", name, "pixel", ["prop"], "s", "CC0-1.0"), picture)
        for i, (name, picture) in enumerate([("rock", image), ("stone", image), ("", other), ("tree", other)])
    ]
    written = write_set(clean(pairs[:2] + pairs[3:]), tmp_path)
    assert [record.name for record in written] == ["rock", "tree"]
    assert read_records(tmp_path) == written
    assert np.load(tmp_path / "images.npy").shape == (2, 64, 64, 4)
    names = [f"thing {i}" for i in range(2000)]
    assert 40 < sum(is_held_out(name) for name in names) < 130
    assert [is_held_out(name) for name in names] == [is_held_out(name) for name in names]


def test_captions_name_the_thing_and_differ() -> None:
    record = Record("x", "iron sword", "pixel", ["item"], "s", "CC0-1.0", tags=["weapon"])
    texts = captions(record)
    assert len(set(texts)) == 4
    assert all("iron sword" in text for text in texts)
    assert prompt_text("grass", "pixel", "texture") == "grass, pixel art, seamless texture"


def test_coverage() -> None:
    assert coverage(blob(10, (0, 0, 5, 10), (1, 1, 1, 255))) == 0.5
