"""Review over REST, and how others learn of it."""

from __future__ import annotations

import json

from websockets.sync.client import connect

from tests.server.site import Site


def test_review_undo_history_and_versions(site: Site) -> None:
    site.run("cactus", "rope", "lantern")
    first, second, third = (asset["id"] for asset in site.http.get("/api/assets?batch=1").json())
    body = {"states": {first: "approved", second: "rejected"}, "who": "Ada", "note": "too thin"}
    answer = site.http.post("/api/assets/review", json=body).json()
    assert [asset["state"] for asset in answer] == ["approved", "rejected"]
    assert [asset["revision"] for asset in answer] == [1, 1]

    stale = {"states": {first: "rejected", third: "rejected"}, "expected": {first: 0, third: 0}}
    refused = site.http.post("/api/assets/review", json=stale)
    assert refused.status_code == 409
    assert "1 (now approved)" in refused.json()["error"]
    assert site.http.get(f"/api/assets/{third}").json()["state"] == "new"

    trail = site.http.get(f"/api/assets/{second}/history").json()
    assert [(e["who"], e["note"], e["before"], e["after"]) for e in trail] == [("Ada", "too thin", "new", "rejected")]
    undone = site.http.post("/api/reviews/undo", json={"who": "Ada", "only_own": True}).json()
    assert undone["assets"] == [second, first] and undone["undoes"] == trail[0]["step"]
    assert site.http.get(f"/api/assets/{first}").json()["state"] == "new"
    assert site.http.post("/api/reviews/undo", json={}).status_code == 404

    versions = site.http.get(f"/api/assets/{first}/versions").json()
    assert [(v["current"], v["state"], v["parents"]) for v in versions] == [(True, "new", [])]
    assert site.http.get(versions[0]["url"]).status_code == 200
    assert site.http.get("/api/assets/99/versions").status_code == 404
    missing = site.http.post(f"/api/assets/{first}/current", json={"version": "0" * 64})
    assert missing.status_code == 404
    assert site.http.post(f"/api/assets/{first}/current", json={"version": "../../x"}).status_code == 400


def test_each_sees_what_the_other_decides(site: Site) -> None:
    site.run("cactus", "rope")
    first = site.http.get("/api/assets?batch=1").json()[0]["id"]
    with connect(site.events_url) as one, connect(site.events_url) as other:
        site.http.post("/api/assets/review", json={"states": {first: "approved"}, "who": "Ada"})
        told = [json.loads(socket.recv(timeout=30)) for socket in (one, other)]
    for event in told:
        assert (event["kind"], event["job_id"], event["data"]["who"]) == ("assets_changed", 0, "Ada")
        assert event["data"]["assets"][0]["state"] == "approved"
    assert told[0]["id"] == told[1]["id"] > 0


def test_bin_restore_and_tags(site: Site) -> None:
    site.run("cactus", "rope")
    first, second = (asset["id"] for asset in site.http.get("/api/assets?batch=1").json())
    step = site.http.post("/api/assets/bin", json={"assets": [first]}).json()
    assert step["text"] == "moved 1 to the bin"
    assert [asset["id"] for asset in site.http.get("/api/assets").json()] == [second]
    assert [asset["id"] for asset in site.http.get("/api/assets?deleted=true").json()] == [first]
    site.http.post("/api/assets/restore", json={"assets": [first]})
    site.http.post("/api/assets/labels", json={"assets": [first], "add": ["spiky"]})
    assert [asset["tags"] for asset in site.http.get("/api/assets?tag=spiky").json()] == [["spiky"]]
    assert site.http.post("/api/assets/bin", json={"assets": [99]}).status_code == 404
    assert site.http.post("/api/assets/bin", json={"assets": []}).status_code == 400
