"""Documents over REST: bad ones are each answered with a sentence, and what could be read is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.memory import bad_files
from tests.memory.hashing import HashingEmbedder
from tests.server.site import Site


def upload(site: Site, *files: tuple[str, bytes], **data: Any) -> httpx.Response:
    parts = [("files", (name, content)) for name, content in files]
    return site.http.post("/api/documents", files=parts, data=data, timeout=60)


def test_bad_files_are_told_apart_from_good_ones(site_in: Callable[..., Site], tmp_path: Path) -> None:
    site = site_in(max_document_mb=1)
    site.services.memory.embedder = HashingEmbedder()
    folder = bad_files.make(tmp_path / "docs", 2_000_000)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    names = [path.relative_to(folder).as_posix() for path in paths]
    answer = upload(site, *((path.name, path.read_bytes()) for path in paths), names=names)
    assert answer.status_code == 202, answer.text
    skipped = {one["name"]: one["reason"] for one in answer.json()["skipped"]}
    assert set(skipped) == {"map.blend", "huge.txt"} and "limit of 1 MB" in skipped["huge.txt"]
    site.services.worker.start()
    job = site.services.worker.wait(answer.json()["job"]["id"])
    tasks = site.http.get(f"/api/jobs/{job.id}/tasks").json()
    failed = {task["label"]: task["error"] for task in tasks if task["state"] == "failed"}
    for name, words in bad_files.REFUSED.items():
        if name not in skipped:
            assert words in failed.pop(name)
    assert not failed
    listed = site.http.get("/api/documents").json()
    assert sorted(one["name"] for one in listed) == sorted(bad_files.READ)
    texts = {one["name"]: str(site.http.get(f"/api/documents/{one['id']}").json()["passages"]) for one in listed}
    assert "スタミナは毎秒10" in texts["japanese.txt"] and "Größe 5" in texts["wide.txt"]
    assert "every 9 minutes" in texts["page.html"] and "999" not in texts["page.html"]
    assert "axe" in texts["a/notes.txt"] and "bxe" in texts["b/notes.txt"]


def test_nothing_usable_is_one_sentence_and_nothing_is_kept(site: Site) -> None:
    site.services.memory.embedder = HashingEmbedder()
    for files, said in (
        ([("map.blend", b"BLENDER")], "Nothing was added. map.blend is not a kind that can be read"),
        ([("..", b"text")], "not a kind that can be read"),
    ):
        answer = upload(site, *files)
        assert answer.status_code == 400 and answer.json()["error"].startswith(said) or said in answer.json()["error"]
    assert site.http.get("/api/documents").json() == []
    site.services.worker.start()
    one = upload(site, ("gdd.md", b"# Game\n\nThe rent is 350.\n"), names=["../../etc/gdd.md"]).json()
    site.services.worker.wait(one["job"]["id"])
    (document,) = site.http.get("/api/documents").json()
    assert document["name"] == "etc/gdd.md"
    again = upload(site, ("gdd.md", b"# Game\n\nThe rent is 400.\n"), names=["etc/gdd.md"]).json()
    site.services.worker.wait(again["job"]["id"])
    assert [view["id"] for view in site.http.get("/api/documents").json()] == [document["id"]]
    found = site.http.get("/api/documents/search", params={"q": "rent"}, timeout=120).json()  # Chroma is loaded
    assert [passage["passage"] for passage in found] == ["The rent is 400."]
    assert site.http.delete(f"/api/documents/{document['id']}").status_code == 204
    assert site.http.get("/api/documents/search", params={"q": "rent"}).json() == []
    assert site.http.delete(f"/api/documents/{document['id']}").status_code == 404
    asked = site.http.post("/api/documents/ask", json={"question": "what is the rent?"}).json()
    assert asked["answered"] is False and "no documents" in asked["answer"]
    assert site.http.post("/api/documents/ask", json={"question": "  "}).status_code == 400
