# ruff: noqa: E501 (tables)
"""The tools over a real library and queue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain.tools import ToolRuntime

from errors import BadRequest, NotFound
from jobs.plan import AssetPlan, PlanItem
from library.review import set_states
from tests.agent.studio import Studio
from tools.context import Gallery, ToolContext
from tools.export import export_assets
from tools.label import label_assets
from tools.library import search_assets
from tools.progress import cancel_job, job_status
from tools.references import resolve
from tools.review import review_assets
from tools.toolbox import default_toolbox

PUBLIC = {
    "generate_assets": {
        "subject",
        "count",
        "variants",
        "kind",
        "style",
        "style_pack",
        "size",
        "transparent",
        "tileable",
        "seed",
    },
    "create_style_pack": {"name", "preset", "trigger"},
    "query_design_docs": {"question"},
    "scaffold_code": {"requirements", "engine"},
    "save_scaffold": {"folder", "replace"},
    "review_assets": {"approve", "reject", "reset"},
    "label_assets": {"assets", "tags", "collection", "remove"},
    "undo_review": set(),
    "regenerate_assets": {"assets", "change", "variants"},
    "upscale_assets": {"assets", "factor"},
    "animate_assets": {"motion", "subject", "assets", "frames", "fps"},
    "export_assets": {"assets", "format"},
    "search_assets": {"query"},
    "job_status": {"job"},
    "cancel_job": {"job"},
}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Five desert props are in the library."""
    studio = Studio(tmp_path_factory.mktemp("home"))
    items = [PlanItem(subject=text) for text in ("cactus", "clay pot", "camel skull", "glass bottle", "rope")]
    submitted = AssetPlan(request="5 desert props", items=items, seed=1)
    from jobs.generation import submit

    submit(submitted, store=studio.jobs, library=studio.library, project="default", settings=studio.settings)
    studio.run_jobs()
    yield studio
    studio.close()


@pytest.fixture
def turn(studio: Studio) -> ToolContext:
    assets = studio.library.assets(batch_id=1)
    set_states(studio.library, {asset.id: "new" for asset in assets})
    return ToolContext(
        settings=studio.settings,
        library=studio.library,
        jobs=studio.jobs,
        engine=studio.engine,  # type: ignore[arg-type]
        planner=studio.planner,
        project="default",
        gallery=Gallery({asset.number: asset.id for asset in assets}, 6, 1),  # number 6 is not finished
    )


def use(tool: Any, turn: ToolContext, **args: Any) -> Any:
    runtime: Any = ToolRuntime(
        state={}, context=turn, config={}, stream_writer=lambda _: None, tool_call_id="t", store=None
    )
    return tool.invoke({"name": tool.name, "args": {**args, "runtime": runtime}, "id": "t", "type": "tool_call"})


def states(turn: ToolContext) -> str:
    return "".join(asset.state[0] for asset in turn.library.assets(batch_id=1))


def test_names_and_arguments_are_the_public_ones() -> None:
    tools = default_toolbox().tools
    assert {tool.name: set(tool.tool_call_schema.model_json_schema()["properties"]) for tool in tools} == PUBLIC  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("references", "numbers"),
    [([1, 3], [1, 3]), (["all"], [1, 2, 3, 4, 5]), (["rest"], [1, 2, 3, 4, 5]), (["odd"], [1, 3, 5]), ([2, "#2", "2"], [2]), (["batch 1"], [1, 2, 3, 4, 5])],
)  # fmt: skip
def test_references(turn: ToolContext, references: list[Any], numbers: list[int]) -> None:
    assert resolve(references, turn) == [turn.gallery.assets[number] for number in numbers]


def test_references_that_are_not_there(turn: ToolContext) -> None:
    for number in (0, 7, -1, 99):
        with pytest.raises(BadRequest, match="shows images 1 to 6"):
            resolve([number], turn)
    with pytest.raises(NotFound, match="still being made"):
        resolve([6], turn)
    for text in ("../../etc/passwd", "everything nice", ""):
        with pytest.raises(BadRequest, match="names no image"):
            resolve([text], turn)


def test_nothing_shown_yet(turn: ToolContext) -> None:
    from dataclasses import replace

    with pytest.raises(BadRequest, match="has not shown any"):
        resolve([1], replace(turn, gallery=Gallery()))


def test_review(turn: ToolContext) -> None:
    message = use(review_assets, turn, approve=[1, 3], reject=["rest"])
    assert message.text == "Approved 1 and 3 and rejected 2, 4 and 5."
    assert states(turn) == "ararr"
    use(review_assets, turn, approve=["rest"], reject=[2])
    assert states(turn) == "araaa"
    use(review_assets, turn, approve=["all"])
    assert states(turn) == "aaaaa"


def test_a_verdict_is_taken_away(turn: ToolContext) -> None:
    use(review_assets, turn, approve=["all"])
    message = use(review_assets, turn, reject=[1], reset=[2, 3])
    assert message.text == "Rejected 1 and set 2 and 3 back to undecided." and states(turn) == "rnnaa"
    with pytest.raises(BadRequest, match="two verdicts"):
        use(review_assets, turn, approve=[4], reset=[4])


def test_tags_and_collections(turn: ToolContext) -> None:
    assert (
        use(label_assets, turn, assets=[1, 3], tags=["dry", "level 2"]).text
        == 'Gave the tags "dry" and "level 2" to 1 and 3.'
    )
    assert use(label_assets, turn, assets=[2], collection="Dunes").text == 'Put into the collection "Dunes": 2.'
    assert sorted(asset.number for asset in turn.library.assets(tag="dry")) == [1, 3]
    assert [asset.number for asset in turn.library.assets(collection="Dunes")] == [2]
    assert "from 1" in use(label_assets, turn, assets=[1], tags=["dry"], remove=True).text
    assert [asset.number for asset in turn.library.assets(tag="dry")] == [3]
    for args in ({"assets": [1]}, {"assets": [99], "tags": ["x"]}, {"assets": [1], "tags": [" "]}):
        with pytest.raises(BadRequest):
            use(label_assets, turn, **args)


def test_review_does_all_or_nothing(turn: ToolContext) -> None:
    for args in ({"approve": [1], "reject": [99]}, {"approve": [1, 2], "reject": [2]}, {}):
        with pytest.raises(BadRequest):
            use(review_assets, turn, **args)
    assert states(turn) == "nnnnn"


@pytest.mark.parametrize(
    ("query", "count"),
    [("cactus", 1), ("all clay pots", 1), ("glass bottles", 1), ("approved", 0), ("everything still waiting for review", 5), ("dragon", 0), ("%", 0), ("' OR 1=1 --", 0)],
)  # fmt: skip
def test_search(turn: ToolContext, query: str, count: int) -> None:
    message = use(search_assets, turn, query=query)
    gallery = message.artifact["gallery"]
    assert len(gallery["assets"] if gallery else []) == count
    if not count:
        assert "Nothing in the library" in message.text


def test_job_status_and_cancel(turn: ToolContext, studio: Studio) -> None:
    assert "5 of 5 done" in use(job_status, turn).text
    with pytest.raises(NotFound, match="No job is running"):
        use(cancel_job, turn)
    with pytest.raises(NotFound):
        use(job_status, turn, job=999)
    studio.worker.stop()
    plan = studio.planner.plan({"subject": "desert", "kind": "prop", "count": 3}, "3 desert props")
    from jobs.generation import submit

    submit(plan, store=studio.jobs, library=studio.library, project="default", settings=studio.settings)
    assert "Stopped job 2" in use(cancel_job, turn).text
    assert studio.jobs.get(2).state == "canceled"


def test_generate_without_a_plan_makes_its_own(turn: ToolContext, tmp_path: Path) -> None:
    from tools.generate import generate_assets

    message = use(generate_assets, turn, subject="desert", kind="prop", count=3)
    part = message.artifact["parts"][0]
    assert part["total"] == 3 and turn.jobs.get(part["job_id"]).total == 3
    turn.jobs.cancel(part["job_id"])


def test_export_hands_out_a_zip_and_says_how_to_load_it(turn: ToolContext) -> None:
    answer = use(export_assets, turn, assets=[1, 3], format="phaser")
    assert "Exported 2 images for phaser" in answer.content and "load.multiatlas" in answer.content
    (part,) = answer.artifact["parts"]
    assert part["type"] == "files" and part["format"] == "phaser"
    assert [file["name"] for file in part["files"]] == ["atlas.zip", "atlas.png", "atlas.json", "atlas.provenance.json"]
    assert all(Path(file["path"]).stat().st_size == file["bytes"] for file in part["files"])


def test_export_chooses_what_the_words_mean(turn: ToolContext) -> None:
    from dataclasses import replace

    with pytest.raises(BadRequest, match="Nothing is approved yet"):
        use(export_assets, turn, assets=["approved"], format="png")
    assert "Exported 5 images" in use(export_assets, turn, format="png").content
    use(review_assets, turn, approve=[2, 4])
    for shown in (turn, replace(turn, gallery=Gallery())):  # a new conversation has shown nothing yet
        assert "Exported 2 images" in use(export_assets, shown, assets=["approved"], format="godot").content
        assert "Exported 2 images" in use(export_assets, shown, format="png").content
        assert "Exported 5 images" in use(export_assets, shown, assets=["all"], format="png").content


@pytest.mark.parametrize(
    ("format", "words"), [("unreal", "export png"), ("doc", "Choose one of png"), ("gif", "no GIF")]
)
def test_export_in_formats_that_are_not_there(turn: ToolContext, format: str, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        use(export_assets, turn, assets=["all"], format=format)
