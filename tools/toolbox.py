"""Every tool that the assistant can call, by its public name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.tools import BaseTool

from tools.animate import animate_assets
from tools.docs import query_design_docs
from tools.export import export_assets
from tools.generate import generate_assets
from tools.label import label_assets
from tools.library import regenerate_assets, search_assets, upscale_assets
from tools.progress import cancel_job, job_status
from tools.review import review_assets, undo_review
from tools.save import save_scaffold
from tools.scaffold import scaffold_code
from tools.train import create_style_pack


@dataclass(frozen=True)
class Toolbox:
    """`asks_first` names the tools that always wait for the user's yes, however short their work."""

    tools: tuple[BaseTool, ...]
    asks_first: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(tool.name for tool in self.tools)


def default_toolbox(extra: Sequence[BaseTool] = ()) -> Toolbox:
    return Toolbox(
        (
            generate_assets, create_style_pack, query_design_docs, scaffold_code, save_scaffold, review_assets,
            undo_review, regenerate_assets, upscale_assets, export_assets, search_assets, job_status, cancel_job,
            animate_assets, label_assets, *extra,
        ),
        frozenset({"create_style_pack", "save_scaffold"}),
    )  # fmt: skip
