"""Tags and collections."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime, tool

from errors import BadRequest
from library.review import label
from library.words import listed
from tools.context import ToolContext
from tools.references import Reference, numbers_of, resolve
from tools.results import Artifact, artifact


@tool(response_format="content_and_artifact", parse_docstring=True)
def label_assets(
    assets: list[Reference],
    runtime: ToolRuntime[Any, Any],
    tags: list[str] | None = None,
    collection: str | None = None,
    remove: bool = False,
) -> tuple[str, Artifact]:
    """Give images of the last gallery tags, or put them into a collection.

    Args:
        assets: Numbers under the images, or "all".
        tags: Words to find them by later.
        collection: Name of the collection.
        remove: True to take the tags away, or the images out of the collection.
    """
    context: ToolContext = runtime.context
    tags = [tag.strip() for tag in tags or [] if tag.strip()]
    collection = (collection or "").strip()
    if not tags and not collection:
        raise BadRequest('Say which tag or collection: "tag 3 as desert", or "put 1 and 2 in the collection Dunes".')
    chosen = resolve(assets, context)
    if not chosen:
        raise BadRequest('Say which images, as in "tag 3 as desert".')
    said = []
    for kind, names in (("tag", tags), ("collection", [collection] if collection else [])):
        if not names:
            continue
        label(
            context.library,
            chosen,
            kind=kind,
            add=() if remove else names,
            remove=names if remove else (),
            who="chat",
        )
        quoted = listed(f'"{name}"' for name in names)
        if kind == "tag":
            noun = "tag" if len(names) == 1 else "tags"
            said.append(f"took the {noun} {quoted} from" if remove else f"gave the {noun} {quoted} to")
        else:
            said.append(f"took out of the collection {quoted}:" if remove else f"put into the collection {quoted}:")
    sentence = f"{' and '.join(said)} {numbers_of(chosen, context)}."
    part = {"type": "review", "labelled": chosen}
    return sentence[0].upper() + sentence[1:], artifact(part)
