"""Exports over REST."""

from __future__ import annotations

import io
import zipfile

from tests.server.site import Site


def test_an_export_is_made_and_fetched(site: Site):
    formats = site.http.get("/api/exports/formats").json()
    assert {"png", "phaser", "pixi", "godot", "unity", "aseprite"} <= {item["name"] for item in formats}
    job = site.run("cactus", "rope")
    ids = [asset["id"] for asset in site.http.get("/api/assets", params={"job": job.id}).json()]
    made = site.http.post("/api/exports", json={"assets": ids, "format": "pixi", "name": "Desert Props"}).json()
    assert made["assets"] == 2 and made["name"] == "desert_props"
    kept = site.http.get(f"/api/exports/{made['id']}").json()
    assert kept == {key: made[key] for key in kept} | {"files": sorted(made["files"], key=lambda file: file["name"])}
    answer = site.http.get(made["url"])
    assert answer.headers["content-type"] == "application/zip" and len(answer.content) == made["bytes"]
    assert "desert_props.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert set(archive.namelist()) == {file["name"] for file in made["files"]}
        assert {"desert_props.png", "desert_props.json"} <= set(archive.namelist())
    assert site.http.post("/api/exports", json={"assets": "all", "format": "png"}).json()["assets"] == 2

    card = site.http.get(f"/api/assets/{ids[0]}/provenance").json()
    assert card["subject"] == "cactus" and card["model"]["id"] == "builtin" and card["origin"] == "generated"


def test_own_art_is_uploaded(site: Site):
    job = site.run("cactus")
    asset = site.http.get("/api/assets", params={"job": job.id}).json()[0]
    made = site.http.post("/api/exports", json={"assets": [asset["id"]], "format": "pixi"}).json()
    with zipfile.ZipFile(io.BytesIO(site.http.get(made["url"]).content)) as archive:
        files = [("files", (name, archive.read(name))) for name in ("atlas.png", "atlas.json")]
    answer = site.http.post("/api/imports", files=files, data={"kind": "icon"})
    assert answer.status_code == 200, answer.text
    (back,) = answer.json()["assets"]
    assert (back["subject"], back["kind"], back["width"]) == ("cactus", "icon", asset["width"])
    wrong = site.http.post("/api/imports", files=[("files", ("../../x.txt", b"no image"))])
    assert wrong.status_code == 400 and "nothing to import" in wrong.json()["error"]
    assert not list(site.services.settings.home.glob("import-*"))


def test_bad_exports_get_a_sentence(site: Site):
    for body, status, words in (
        ({"assets": "all"}, 400, "nothing to export"),
        ({"assets": []}, 400, "no image was chosen"),
        ({"assets": [5]}, 404, "There is no asset 5"),
        ({"assets": "all", "format": "bmp"}, 400, "Choose one of png"),
        ({"assets": "some"}, 400, "cannot be read"),
        ({"assets": "all", "page": 10**9}, 400, "page size"),
    ):
        answer = site.http.post("/api/exports", json=body)
        assert answer.status_code == status and words in answer.json()["error"]
    for name in ("0000000000000000", "..%2f..%2fx", "zz"):
        assert site.http.get(f"/api/exports/{name}.zip").status_code == 404
