"""Edit by mask, animations, folder exports and provenance over REST, and what is damaged or in use."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jobs.animate import AnimateHandler
from library.models import StylePack, StylePackVersion
from tests.jobs.small_engine import SIZE
from tests.server.site import Site


@pytest.fixture
def site(site_in: Callable[..., Site], tmp_path: Path) -> Site:
    site = site_in(save_root=tmp_path)
    engine: Any = site.services.engine
    site.services.worker.handlers["animate"] = AnimateHandler(engine, site.services.library)
    site.run("knight", "rope")
    return site


def mask() -> bytes:
    image = Image.new("L", (SIZE, SIZE))
    image.paste(255, (8, 8, 16, 16))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def test_edit_and_animate(site: Site) -> None:
    wait, http = site.services.worker.wait, site.http
    made = http.post("/api/assets/1/edit", files={"mask": ("m.png", mask())}, data={"change": "darker"})
    assert made.status_code == 200, made.text
    assert wait(made.json()["job"]["id"], 60).state == "done"
    versions = http.get("/api/assets/1/versions").json()
    assert [version["origin"] for version in versions] == ["generated", "edited"]
    old, new = (Image.open(io.BytesIO(http.get(version["url"]).content)).convert("RGBA") for version in versions)
    clear = Image.new("RGBA", (8, 8))
    for image in (old, new):
        image.paste(clear, (8, 8))
    assert old.tobytes() == new.tobytes()
    card = http.get("/api/assets/1/provenance").json()
    assert card["parents"] == [versions[0]["sha256"]] and card["origin"] == "edited" and card["model"]["license"]

    assert {motion["name"] for motion in http.get("/api/motions").json()} >= {"walk", "idle", "bob", "spin", "hit"}
    for body, total in (({"asset": 1, "motion": "spin"}, 8), ({"subject": "slime", "motion": "idle", "seed": 3}, 4)):
        job = http.post("/api/assets/animate", json=body).json()
        assert wait(job["id"], 60).state == "done"
        frames = http.get("/api/assets", params={"job": job["id"]}).json()
        assert len(frames) == total and frames[0]["metadata"]["animation"]["frames"] == total


def test_bad_orders_get_a_sentence(site: Site) -> None:
    for files, data, status, words in (
        ({"mask": ("m.png", b"no image")}, {"change": "darker"}, 400, "cannot be read as an image"),
        ({"mask": ("m.png", mask())}, {"change": "  "}, 400, "Say what should be under the mask"),
        ({"mask": ("m.png", mask())}, {"change": "darker", "strength": "7"}, 400, "strength"),
    ):
        answer = site.http.post("/api/assets/1/edit", files=files, data=data)
        assert answer.status_code == status and words in answer.json()["error"], answer.text
    assert (
        site.http.post("/api/assets/9/edit", files={"mask": ("m.png", mask())}, data={"change": "x"}).status_code == 404
    )
    for body, status, words in (
        ({"asset": 1, "motion": "dance"}, 400, "There is no motion"),
        ({"motion": "walk"}, 400, "Say what to animate"),
        ({"asset": 1, "frames": 99}, 400, "2 to 24 frames"),
        ({"asset": 99}, 404, "There is no asset 99"),
    ):
        answer = site.http.post("/api/assets/animate", json=body)
        assert answer.status_code == status and words in answer.json()["error"], answer.text


def test_an_export_into_a_folder_overwrites_nothing_of_others(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "game"
    folder.mkdir()
    (folder / "atlas.png").write_bytes(b"mine")
    site.http.post("/api/assets/review", json={"states": {"2": "rejected"}})
    wanted = {"assets": "all", "format": "pixi", "folder": str(folder)}
    refused = site.http.post("/api/exports", json=wanted)
    assert refused.status_code == 400 and "already has atlas.png, which no export wrote" in refused.json()["error"]
    assert (folder / "atlas.png").read_bytes() == b"mine"
    made = site.http.post("/api/exports", json={**wanted, "replace": True}).json()
    assert (made["assets"], made["left_out"], made["folder"]) == (1, 1, str(folder))
    assert set(made["changed"]) == {file["name"] for file in made["files"]}
    again = site.http.post("/api/exports", json=wanted).json()
    assert again["changed"] == [] and again["removed"] == []
    both = site.http.post("/api/exports", json={**wanted, "rejected": True}).json()
    assert (both["assets"], both["left_out"]) == (2, 0)
    for place, words in (
        (str(tmp_path / "none"), "There is no folder"),
        ("game", "Give the whole path"),
        ("/", "only saved below"),
    ):
        answer = site.http.post("/api/exports", json={**wanted, "folder": place})
        assert answer.status_code == 400 and words in answer.json()["error"]


def test_a_damaged_file_is_told_by_every_door(site: Site) -> None:
    asset = site.http.get("/api/assets/1").json()
    path = Path(site.services.library.asset(1).path)
    path.write_bytes(b"damaged")
    for url in (asset["url"], f"{asset['url']}?size=64"):
        answer = site.http.get(url)
        assert (
            answer.status_code == 404 and "is damaged. Run `gameforge library check --repair`" in answer.json()["error"]
        )
    answer = site.http.post("/api/exports", json={"assets": [1], "format": "png"})
    assert answer.status_code == 404 and '"knight" (asset 1) is missing or damaged' in answer.json()["error"]
    answer = site.http.post("/api/assets/1/edit", files={"mask": ("m.png", mask())}, data={"change": "darker"})
    assert answer.status_code == 404 and "is damaged" in answer.json()["error"]
    job = site.http.post("/api/assets/animate", json={"asset": 1, "motion": "idle"}).json()
    assert site.services.worker.wait(job["id"], 60).failed == 4
    assert site.http.get("/api/assets/2").status_code == 200


def test_a_picture_of_a_style_pack_is_deleted_only_by_will(site: Site) -> None:
    asset = site.http.get("/api/assets/1").json()
    with site.services.database.session() as session:
        pack = StylePack(project_id=1, name="Dustbowl", key="dustbowl", trigger="dustbowl", current=1)
        session.add(pack)
        session.flush()
        session.add(
            StylePackVersion(
                pack_id=pack.id, number=1, origin="trained", lora_sha256="0" * 64, base={}, settings={}, metrics={},
                files={"references": [asset["version"]]},
            )
        )  # fmt: skip
    refused = site.http.post("/api/assets/bin", json={"assets": [1, 2]})
    assert refused.status_code == 400 and "is used by the style pack Dustbowl" in refused.json()["error"]
    assert len(site.http.get("/api/assets").json()) == 2
    assert site.http.post("/api/assets/bin", json={"assets": [1, 2], "force": True}).status_code == 200
    assert site.http.get("/api/assets").json() == [] and site.http.get(asset["url"]).status_code == 200
    site.http.post("/api/reviews/undo", json={})
    assert len(site.http.get("/api/assets").json()) == 2
