"""Style packs over REST: what a training would take, its start, and one sentence for each thing that is wrong."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tests.pipelines.training.drawn import draw
from tests.server.site import Site

Part = tuple[str, tuple[str, bytes, str]]


def part(number: int, name: str | None = None) -> Part:
    buffer = io.BytesIO()
    draw(number).save(buffer, "PNG")
    return ("images", (name or f"lamp-{number}.png", buffer.getvalue(), "image/png"))


def post(site: Site, parts: list[Part], path: str = "style-packs", **data: Any) -> Any:
    return site.http.post(f"/api/{path}", files=parts, data={"name": "Neon", **data})


def test_images_are_looked_at_before_they_are_trained_on(site: Site) -> None:
    s = site
    html: Part = ("images", ("page.png", b"<html>", "image/png"))
    told = post(s, [*(part(n) for n in range(6)), part(0), html], "style-packs/estimate", preset="fast").json()
    assert "on 6 images (fast) takes about" in told["sentence"]
    assert told["doubles"] == ["lamp-0.png"] and "page.png is not an image" in told["refused"][0]
    assert [picture["caption"] for picture in told["pictures"]] == ["lamp"] * 6
    assert s.http.get("/api/style-packs").json() == []


def test_a_training_is_queued_with_the_captions_of_the_user(site: Site) -> None:
    s = site
    answer = post(s, [part(n) for n in range(4)], captions='{"lamp-1.png": "oil lamp"}')
    assert answer.status_code == 202
    job = answer.json()
    assert (job["kind"], job["state"], job["title"]) == ("train", "queued", "Style pack Neon")
    told = s.http.get(f"/api/jobs/{job['id']}/training").json()
    assert [reference["caption"] for reference in told["references"]] == ["lamp", "oil lamp", "lamp", "lamp"]
    assert s.http.get(told["references"][0]["url"]).headers["content-type"] == "image/png"
    [pack] = s.http.get("/api/style-packs").json()
    assert (pack["name"], pack["current"], pack["job_id"]) == ("Neon", None, job["id"])
    again = post(s, [part(n) for n in range(4)], name="NEON")
    assert again.status_code == 400 and "is being trained right now" in again.json()["error"]
    assert s.http.delete(f"/api/style-packs/{pack['id']}").status_code == 204
    assert s.http.get("/api/style-packs").json() == []
    assert s.http.post(f"/api/style-packs/{pack['id']}/restore").json()["name"] == "Neon"


@pytest.mark.parametrize(
    ("parts", "data", "sentence"),
    [
        (1, {}, "at least 3 images, and there is 1"),
        (500, {}, "500 images are too many"),
        (4, {"name": "a/../b"}, "cannot be a style pack's name"),
        (4, {"captions": "[1"}, "captions must be a JSON object"),
        (4, {"preset": "ultra"}, "preset"),
        (4, {"text_encoders": "true"}, "no text encoders"),
        (4, {"prior_images": "-1"}, "0 to 100 images"),
    ],
)
def test_bad_trainings_are_refused(site: Site, parts: int, data: dict[str, str], sentence: str) -> None:
    answer = post(site, [part(n % 4) for n in range(parts)], **data)
    assert answer.status_code == 400 and sentence in answer.json()["error"]


def test_twenty_copies_and_a_pixel_are_named(site: Site) -> None:
    tiny = io.BytesIO()
    draw(1).resize((1, 1)).save(tiny, "PNG")
    copies = [part(0, f"copy-{n}.png") for n in range(20)]
    answer = post(site, [*copies, ("images", ("dot.png", tiny.getvalue(), "image/png"))])
    said = answer.json()["error"]
    assert answer.status_code == 400 and "at least 3 different images, and there is 1" in said
    assert "dot.png is too small: 1 x 1" in said and "near-duplicates" in said
    assert site.http.get("/api/style-packs").json() == []


def test_pickles_and_junk_are_not_imported(site: Site) -> None:
    s = site
    for name, sentence in {"x.ckpt": "pickle", "x.pt": "pickle", "x.safetensors": "damaged"}.items():
        answer = s.http.post("/api/style-packs/import", files={"file": (name, b"\x80\x02")})
        assert answer.status_code == 400 and sentence in answer.json()["error"], name
    assert s.http.get("/api/style-packs/99/export").status_code == 404
