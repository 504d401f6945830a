"""Hand out what the library holds as files for a game engine."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime, tool

from errors import BadRequest, Cancelled
from jobs.exports import Export, chosen, run_export, without_rejected
from library.views import AssetView
from pipelines.atlas.sprites import ExportOptions
from tools.context import ToolContext
from tools.references import Reference, resolve
from tools.results import Artifact, artifact, count_of

LOADS = {
    "phaser": "In a scene: this.load.multiatlas('{name}', '{name}.json').",
    "pixi": "Load it with Assets.load('{name}.json'); textures are called '{name}/<image>'.",
    "texturepacker": "Phaser, PixiJS and most engines read {name}.json.",
    "godot": "Copy the files into your project; each .tres is a texture.",
    "godot3": "Copy the files into your project; each .tres is a texture.",
    "unity": "Copy {name}.png together with its .meta into Assets.",
    "tpsheet": "Copy the files into Assets; TexturePacker Importer has to be installed.",
    "aseprite": "Phaser reads it with this.load.aseprite; the tags carry the names.",
    "spritesheet": "{name}.json says how large the cells are and what is in them.",
}
ELSEWHERE = {
    "unreal": "There is no Unreal format yet. Paper2D can import single images: export png, or spritesheet.",
    "gamemaker": "There is no GameMaker format yet. Export png, or spritesheet for a strip.",
    "gif": "There is no GIF export. Choose png or webp, or spritesheet for animations.",
    "jpg": "JPEG has no transparency, so there is no JPEG export. Choose png or webp.",
    "svg": "These are pixel images, so there is no SVG export. Choose png or webp.",
    "psd": "There is no Photoshop export. Choose png, which Photoshop opens with its transparency.",
}


@tool(response_format="content_and_artifact", parse_docstring=True)
def export_assets(
    runtime: ToolRuntime[Any, Any], assets: list[Reference] | None = None, format: str = "png"
) -> tuple[str, Artifact]:
    """Hand out images as files for a game engine.

    Args:
        assets: Numbers under the images, "all", "approved" or "batch 12".
        format: png, webp, spritesheet, texturepacker, phaser, pixi, godot, unity or aseprite.
    """
    context: ToolContext = runtime.context
    if format.strip().lower() in ELSEWHERE:
        raise BadRequest(ELSEWHERE[format.strip().lower()])
    options = ExportOptions(format=format)

    def check() -> None:
        if context.stopped():
            raise Cancelled

    runtime.stream_writer({"kind": "status", "data": {"text": "Exporting"}})
    selected = _selected(assets, context)
    left = 0
    if not any(str(reference).strip(" #").isdigit() for reference in assets or []):
        selected, left = without_rejected(selected)  # numbers mean what they say
    made = run_export(
        context.library,
        selected,
        options,
        context.settings.home / "exports",
        model=context.engine.info(),
        check=check,
    )
    part = files_part(made)
    runtime.stream_writer({"kind": "files", "data": {key: value for key, value in part.items() if key != "type"}})
    hint = LOADS.get(made.format, "").format(name=made.name)
    text = (
        f"Exported {count_of(made.assets, 'image')} for {made.format} as {count_of(len(made.files), 'file')}, in a zip."
    )
    if left:
        text += f" {count_of(left, 'rejected image')} left out."
    return f"{text} {hint}".strip(), artifact(part)


def files_part(made: Export) -> dict[str, Any]:
    """{"type": "files", "export": id, "format", "files": [{"path", "name", "bytes"}]}, the zip first."""
    files = [{"path": str(made.zip), "name": made.zip.name, "bytes": made.zip.stat().st_size}]
    files += [{"path": str(made.folder / file.name), "name": file.name, "bytes": file.bytes} for file in made.files]
    return {"type": "files", "export": made.id, "format": made.format, "files": files}


def _selected(references: list[Reference] | None, context: ToolContext) -> list[AssetView]:
    """What the words mean; without any, what the user most probably wants: the approved ones shown, else all shown."""
    words = [str(reference).strip().lower() for reference in references or ["approved", "all"]]
    if words == ["approved", "all"] and not references:
        if not context.gallery:
            approved = context.library.assets(project=context.project, state="approved", limit=1)
            return chosen(context.library, context.project, "approved" if approved else "all")
        return chosen(context.library, context.project, resolve(["approved"], context) or resolve(["all"], context))
    if words == ["approved"] and not (context.gallery and resolve(["approved"], context)):
        return chosen(context.library, context.project, "approved")
    if words == ["all"] and not context.gallery:
        return chosen(context.library, context.project, "all")
    return chosen(context.library, context.project, resolve(references or [], context))
