from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image

from errors import BadRequest, Cancelled, GameForgeError, NotFound, NotReady, ResourceError
from server.errors import status_of
from tests.jobs.small_engine import SmallEngine
from tests.server.site import Site


def test_a_finished_job_with_its_images(site: Site) -> None:
    job = site.run("cactus", "camel skull", "cart wheel")

    whole = site.http.get(f"/api/jobs/{job.id}").json()
    assert whole["job"]["state"] == "done"
    assert whole["job"]["done"] == whole["job"]["total"] == 3
    assert [task["label"] for task in whole["tasks"]] == ["cactus", "camel skull", "cart wheel"]
    assert [task["asset"]["number"] for task in whole["tasks"]] == [1, 2, 3]

    asset = whole["tasks"][1]["asset"]
    assert asset["subject"] == "camel skull"
    assert "path" not in asset, "where files lie on the server is nobody's business"
    image = site.http.get(asset["url"])
    assert image.headers["content-type"] == "image/png"
    assert "immutable" in image.headers["cache-control"]
    assert hashlib.sha256(image.content).hexdigest() == asset["version"]
    assert Image.open(io.BytesIO(image.content)).size == (asset["width"], asset["height"])


def test_lists_of_jobs_assets_and_batches(site: Site) -> None:
    first = site.run("cactus", "rope")
    second = site.run("lantern")

    assert [job["id"] for job in site.http.get("/api/jobs").json()] == [second.id, first.id]
    assert [job["id"] for job in site.http.get(f"/api/jobs?before={second.id}").json()] == [first.id]
    assert site.http.get("/api/jobs?active=true").json() == []
    by_job = site.http.get(f"/api/assets?job={first.id}").json()
    assert [asset["subject"] for asset in by_job] == ["cactus", "rope"]
    assert [asset["subject"] for asset in site.http.get("/api/assets?text=LANT").json()] == ["lantern"]
    assert site.http.get(f"/api/assets/{by_job[0]['id']}").json() == by_job[0]
    batch = site.http.get(f"/api/batches/{first.batch_id}").json()
    assert batch["job_id"] == first.id
    assert [item["subject"] for item in batch["plan"]["items"]] == ["cactus", "rope"]
    assert [entry["id"] for entry in site.http.get("/api/batches").json()] == [second.batch_id, first.batch_id]
    assert [project["name"] for project in site.http.get("/api/projects").json()] == ["default"]


def test_stop_one_image_then_the_job_then_run_the_rest(site: Site) -> None:
    job = site.submit("cactus", "rope", "lantern")
    tasks = site.http.get(f"/api/jobs/{job.id}/tasks").json()

    assert site.http.post(f"/api/tasks/{tasks[1]['id']}/cancel").json()["state"] == "canceled"
    assert [task["state"] for task in site.http.get(f"/api/jobs/{job.id}/tasks").json()] == [
        "queued",
        "canceled",
        "queued",
    ]
    assert site.http.post(f"/api/jobs/{job.id}/cancel").json()["state"] == "canceled"
    assert site.http.post(f"/api/jobs/{job.id}/retry").json() == {"count": 3}
    site.services.worker.start()
    site.services.worker.wait(job.id)
    assert site.http.get(f"/api/jobs/{job.id}").json()["job"]["done"] == 3


def test_stop_everything(site: Site) -> None:
    jobs = [site.submit("cactus"), site.submit("rope")]
    assert site.http.post("/api/jobs/cancel").json() == {"count": 2}
    assert {site.http.get(f"/api/jobs/{job.id}").json()["job"]["state"] for job in jobs} == {"canceled"}


def test_images_are_approved_and_rejected_all_or_none(site: Site) -> None:
    job = site.run("cactus", "rope")
    first, second = (asset["id"] for asset in site.http.get(f"/api/assets?job={job.id}").json())
    answer = site.http.post("/api/assets/review", json={"states": {first: "approved", second: "rejected"}})
    assert [asset["state"] for asset in answer.json()] == ["approved", "rejected"]
    assert [asset["id"] for asset in site.http.get("/api/assets?state=approved").json()] == [first]
    assert site.http.post("/api/assets/review", json={"states": {first: "new", 999: "new"}}).status_code == 404
    assert site.http.post("/api/assets/review", json={"states": {first: "lovely"}}).status_code == 400
    assert site.http.get(f"/api/assets/{first}").json()["state"] == "approved"


def test_a_failed_image_tells_why_and_its_neighbours_are_there(site: Site) -> None:
    job = site.run("cactus", SmallEngine.FAIL, "rope")
    whole = site.http.get(f"/api/jobs/{job.id}").json()
    assert [task["state"] for task in whole["tasks"]] == ["done", "failed", "done"]
    assert whole["tasks"][1]["error"] == "This one cannot be painted."
    assert whole["tasks"][1]["asset"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/jobs/999", 404),
        ("/api/jobs/999/tasks", 404),
        ("/api/assets/999", 404),
        ("/api/batches/999", 404),
        ("/api/conversations/999", 404),
        ("/api/conversations/999/pending", 404),
        (f"/api/versions/{'0' * 64}.png", 404),
        ("/api/versions/..%2F..%2Fgameforge.db.png", 404),
        ("/api/versions/abc.png", 400),
        (f"/api/uploads/{'0' * 64}.png", 404),
        ("/api/uploads/..%2Fgameforge.db", 404),
        ("/api/uploads/gameforge.db", 404),
        ("/api/nothing", 404),
        ("/api/jobs/many", 400),
        ("/api/jobs?limit=0", 400),
        ("/api/assets?state=lovely", 400),
    ],
)
def test_what_is_not_there_or_makes_no_sense_gets_a_sentence(site: Site, path: str, status: int) -> None:
    answer = site.http.get(path)
    assert answer.status_code == status
    body = answer.json()
    assert set(body) == {"error", "detail"}
    assert body["error"].endswith(".")
    assert "Traceback" not in answer.text


def test_status_codes_follow_the_kind_of_error() -> None:
    assert status_of(BadRequest("x")) == 400
    assert status_of(NotFound("x")) == 404
    assert status_of(NotReady("x")) == 503
    assert status_of(ResourceError("The queue is full.")) == 429
    assert status_of(ResourceError("The disk is full.")) == 507
    assert status_of(Cancelled()) == status_of(GameForgeError("x")) == 500


def test_conversations_are_listed_renamed_and_deleted(site: Site) -> None:
    chat = site.services.chat
    first, second = chat.create("default", "Desert level"), chat.create("default", "Boss ideas")

    listed = site.http.get("/api/conversations").json()
    assert {entry["title"] for entry in listed} == {"Desert level", "Boss ideas"}
    renamed = site.http.patch(f"/api/conversations/{first.id}", json={"title": "Dustbowl"})
    assert renamed.json()["title"] == "Dustbowl"
    assert site.http.patch(f"/api/conversations/{first.id}", json={"title": ""}).status_code == 400
    assert site.http.get(f"/api/conversations/{first.id}/pending").json() == {"pending": None}
    assert site.http.delete(f"/api/conversations/{second.id}").status_code == 204
    assert site.http.delete(f"/api/conversations/{second.id}").status_code == 404
    assert [entry["title"] for entry in site.http.get("/api/conversations").json()] == ["Dustbowl"]


def test_health_models_and_the_description_of_the_interface(site: Site) -> None:
    site.submit("cactus")
    health = site.http.get("/api/health").json()
    assert (health["status"], health["jobs_open"]) == ("ok", 1)
    models = site.http.get("/api/models").json()
    assert models["image"]["name"] == "Small"
    assert models["language"]
    paths = site.http.get("/api/openapi.json").json()["paths"]
    assert "/api/jobs/{job_id}/cancel" in paths
    undocumented = [
        (path, method) for path, methods in paths.items() for method, one in methods.items() if not one.get("summary")
    ]
    assert undocumented == []
