"""Documents taken in by jobs: what changes, what fails, what is skipped, and that nothing is left after a delete."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from errors import BadRequest
from jobs.events import EventBus
from jobs.ingest import IngestHandler, Selection, clean_name, keep_upload, select_files, submit_ingest
from jobs.reindex import submit_reindex
from jobs.store import JobStore
from jobs.types import JobView, Limits
from jobs.watch import FolderWatch
from jobs.worker import Worker
from library.db import Database
from library.documents import DocumentStore
from memory.documents.memory import DocumentMemory
from memory.documents.vectors import ChromaVectors
from settings import Settings
from tests.memory.hashing import HashingEmbedder

GDD = "# Game\n\n## Stamina\n\nStamina is 100 and sprinting costs 12.\n\n## Bosses\n\nThe Tallow King has 900 health.\n"


class Reading:
    """A queue with a worker that reads documents, over one home folder."""

    def __init__(self, home: Path, embedder: HashingEmbedder | None = None) -> None:
        self.settings = Settings(home=home)
        self.database = Database(self.settings.resolved_database_url)
        self.database.migrate()
        self.bus = EventBus(self.database)
        self.store = JobStore(self.database, Limits.of(self.settings), self.bus)
        self.documents = DocumentStore(self.database)
        self.embedder = embedder or HashingEmbedder()
        self.chroma = ChromaVectors(home / "chroma")
        self.memory = DocumentMemory(self.documents, self.embedder, self.chroma)
        self.worker = Worker(self.store, {"ingest": IngestHandler(self.memory, self.documents, self.settings)})

    def take(self, *paths: Path, project: str = "default") -> JobView:
        job = submit_ingest(select_files(paths), store=self.store, documents=self.documents, project=project)
        self.worker.start()
        return self.worker.wait(job.id)

    def names(self, project: str = "default") -> list[str]:
        return [view.name for view in self.documents.documents(project)]

    def errors(self, job: JobView) -> list[str]:
        return [task.error or "" for task in self.store.tasks(job.id) if task.state == "failed"]

    def close(self) -> None:
        self.worker.stop()
        self.memory.close()
        self.bus.close()
        self.database.dispose()


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Callable[..., Reading]]:
    made: list[Reading] = []

    def make(embedder: HashingEmbedder | None = None) -> Reading:
        made.append(Reading(tmp_path / "home", embedder))
        return made[-1]

    yield make
    for one in made:
        one.close()


def written(path: Path, text: str = GDD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_changed_file_updates_only_what_changed(reading: Callable[..., Reading], tmp_path: Path) -> None:
    desk = reading()
    path = written(tmp_path / "gdd.md")
    first = desk.take(path)
    assert desk.store.tasks(first.id)[0].result["added"] == 2
    before = {row.heading: row.id for row in desk.documents.text(1)}
    desk.embedder.encoded.clear()
    written(path, GDD.replace("900 health", "950 health"))
    result = desk.store.tasks(desk.take(path).id)[0].result
    assert (result["added"], result["removed"], result["kept"]) == (1, 1, 1)
    assert not any("Stamina is 100" in text for text in desk.embedder.encoded)
    after = {row.heading: row.id for row in desk.documents.text(1)}
    assert after["Stamina"] == before["Stamina"]
    assert after["Bosses"] != before["Bosses"]
    assert "950" in desk.memory.search("default", "how much health has the Tallow King?")[0].text


def test_deleting_leaves_no_trace(reading: Callable[..., Reading], tmp_path: Path) -> None:
    desk = reading()
    desk.take(written(tmp_path / "gdd.md"), written(tmp_path / "other.md", "# Other\n\nThe otter swims.\n"))
    assert desk.memory.search("default", "Tallow King health")[0].document == "gdd.md"
    desk.documents.delete(desk.documents.by_name("default", "gdd.md").id)  # type: ignore[union-attr]
    desk.memory.refresh("default")
    assert all(passage.document == "other.md" for passage in desk.memory.search("default", "Tallow King health"))
    with desk.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM passages").scalar()
    assert rows == 1
    counts = [collection.count() for collection in desk.chroma._client.list_collections()]
    assert counts == [1]


def test_projects_do_not_see_each_other(reading: Callable[..., Reading], tmp_path: Path) -> None:
    desk = reading()
    desk.take(written(tmp_path / "a.md"), project="one")
    assert desk.memory.search("one", "stamina")
    assert desk.memory.search("two", "stamina") == []


def test_bad_files_fail_alone_and_say_why(reading: Callable[..., Reading], tmp_path: Path) -> None:
    desk = reading()
    folder = tmp_path / "docs"
    written(folder / "good.md")
    (folder / "empty.txt").touch()
    (folder / "art.png").write_bytes(b"\x89PNG")
    shutil.copy(Path(__file__).parents[1] / "data" / "documents" / "formats" / "locked.pdf", folder)
    written(tmp_path / "secret.txt", "outside")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    chosen = select_files([folder])
    assert {one.name: one.reason.split(" (")[0] for one in chosen.skipped} == {
        "art.png": "not a kind that can be read",
        "link.txt": "a link out of the folder",
        "up": "a link to another folder",
    }
    job = desk.take(folder)
    assert (job.done, job.failed) == (1, 2)
    assert desk.names() == ["good.md"]
    assert sorted(desk.errors(job)) == [
        "empty.txt is empty.",
        "locked.pdf is protected by a password. Save a copy without one and add that.",
    ]


def test_two_files_of_one_name_are_two_documents(reading: Callable[..., Reading], tmp_path: Path) -> None:
    desk = reading()
    one = written(tmp_path / "a" / "notes.md", "# A\n\nThe axe is red.\n")
    two = written(tmp_path / "b" / "notes.md", "# B\n\nThe bow is blue.\n")
    desk.take(one, two)
    assert desk.names() == ["b/notes.md", "notes.md"]
    desk.take(written(two, "# B\n\nThe bow is green.\n"))
    assert desk.names() == ["b/notes.md", "notes.md"]
    assert "green" in desk.memory.search("default", "which colour has the bow?")[0].text


def test_an_upload_is_gone_once_it_is_read(reading: Callable[..., Reading]) -> None:
    desk = reading()
    found = keep_upload([GDD.encode()], "folder/../gdd.md", desk.settings)
    assert found.name == "folder/gdd.md"
    job = submit_ingest(Selection([found]), store=desk.store, documents=desk.documents, project="default")
    desk.worker.start()
    assert desk.worker.wait(job.id).state == "done"
    assert desk.worker.stop()  # the file goes after the commit that ends the job
    assert not found.path.exists()
    assert desk.names() == ["folder/gdd.md"]


def test_names_from_browsers_cannot_leave_the_project() -> None:
    assert clean_name("../../etc/passwd") == "etc/passwd"
    assert clean_name("C:\\docs\\gdd.md").endswith("docs/gdd.md")
    with pytest.raises(BadRequest):
        clean_name("../..")


def test_another_model_reads_everything_again(reading: Callable[..., Reading], tmp_path: Path) -> None:
    desk = reading()
    desk.take(written(tmp_path / "gdd.md"))
    assert desk.memory.search("default", "stamina")
    desk.close()
    other = reading(HashingEmbedder("other", dimension=32))
    (job,) = submit_reindex(other.store, other.documents, other.memory.model)
    assert submit_reindex(other.store, other.documents, other.memory.model) == []
    other.worker.start()
    assert other.worker.wait(job.id).state == "done"
    assert other.documents.count_outdated("default", "other") == 0
    assert "100" in other.memory.search("default", "stamina")[0].text
    assert [collection.name.rsplit("-", 1)[1] for collection in other.chroma._client.list_collections()] == ["32"]


def test_a_second_process_does_not_open_the_chroma_folder(reading: Callable[..., Reading], tmp_path: Path) -> None:
    desk = reading()
    desk.take(written(tmp_path / "gdd.md"))
    assert desk.memory.search("default", "stamina")  # owns the folder now
    beside = reading()
    assert beside.memory.search("default", "stamina")[0].text == desk.memory.search("default", "stamina")[0].text
    assert not beside.chroma.open()
    beside.take(written(tmp_path / "new.md", "# New\n\nThe gryphon eats 3 fish.\n"))
    assert desk.memory.search("default", "what does the gryphon eat?")[0].document == "new.md"


def test_a_watched_folder_is_followed(reading: Callable[..., Reading], tmp_path: Path) -> None:
    desk = reading()
    folder = tmp_path / "watched"
    written(folder / "gdd.md")
    watch = FolderWatch(folder, desk.store, desk.documents, "default")
    desk.worker.start()
    job = watch.look()
    assert job is not None and desk.worker.wait(job).state == "done"
    assert watch.look() is None
    written(folder / "more.md", "# More\n\nText.\n")
    (folder / "gdd.md").unlink()
    job = watch.look()
    assert job is not None and desk.worker.wait(job).state == "done"
    assert desk.names() == ["more.md"]


def test_stopping_keeps_what_is_read(reading: Callable[..., Reading], tmp_path: Path) -> None:
    desk = reading()
    paths = [written(tmp_path / f"{n}.md", f"# {n}\n\nText number {n}.\n") for n in range(3)]
    job = submit_ingest(select_files(paths), store=desk.store, documents=desk.documents, project="default")
    desk.store.cancel(job.id)
    desk.worker.start()
    assert desk.worker.wait(job.id).state == "canceled"
    assert desk.names() == []
    assert desk.store.retry(job.id) == 3
    assert desk.worker.wait(job.id).state == "done"
