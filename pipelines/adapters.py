"""Style packs on a loaded pipeline: LoRAs are loaded once, switched by name, and leave the base as it was.

The rules behind it, each tried: loading a second adapter makes only that one active, so the active ones are always set;
a file with unknown keys loads silently as nothing, so files are checked before and after; fusing is never undone
exactly, so nothing is fused; with all adapters disabled outputs equal the base's bit for bit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from errors import NotFound, UserFixable
from pipelines.lora_file import LoraFacts, check_fits, read_facts
from pipelines.request import GenerationRequest, StylePackUse

MOST_LOADED = 4
PackFinder = Callable[[StylePackUse], Path]  # raises NotFound


class Adapters:
    """The style packs of one pipeline. Its owner holds the pipeline's lock."""

    def __init__(self, pipe: Any, model_name: str, model_hash: str) -> None:
        self._pipe = pipe
        self.find: PackFinder | None = None  # set by whoever knows where packs lie
        self._model_name = model_name
        self._model_hash = model_hash
        self._loaded: OrderedDict[str, LoraFacts] = OrderedDict()  # by adapter name, the least recently used first
        self._checked: dict[str, tuple[Path, LoraFacts]] = {}

    def facts(self, use: StylePackUse) -> LoraFacts:
        """What a pack's file says. Raises NotFound, and UserFixable when it was made for another base."""
        return self._lookup(use)[1]

    def warnings(self, uses: Sequence[StylePackUse]) -> list[str]:
        """What somebody who used these packs should know."""
        said = []
        for use in uses:
            facts = self.facts(use)
            if facts.base_hash and self._model_hash and facts.base_hash != self._model_hash:
                said.append(
                    f"The style pack {use.pack} was trained on an earlier state of {self._model_name}; "
                    "train it again for the best match."
                )
        return said

    def adopt(self, use: StylePackUse, facts: LoraFacts) -> None:
        """Know an adapter that somebody else put on the pipeline under `adapter_name(use)`."""
        self._checked[adapter_name(use)] = (Path(), facts)
        self._loaded[adapter_name(use)] = facts

    def drop(self, use: StylePackUse) -> None:
        """Forget a pack and free its parameters."""
        self._checked.pop(adapter_name(use), None)
        if self._loaded.pop(adapter_name(use), None) is not None:
            self._pipe.delete_adapters(adapter_name(use))

    @contextmanager
    def applied(self, uses: Sequence[StylePackUse]) -> Iterator[None]:
        """Only these packs take effect inside, and none afterwards."""
        wanted = [use for use in uses if use.weight != 0]
        if not wanted:
            yield
            return
        names = [self._load(use) for use in wanted]
        self._pipe.enable_lora()
        self._pipe.set_adapters(names, [use.weight for use in wanted])
        try:
            yield
        finally:
            self._pipe.disable_lora()

    def _lookup(self, use: StylePackUse) -> tuple[Path, LoraFacts]:
        name = adapter_name(use)
        if name not in self._checked:
            if self.find is None:
                raise NotFound(f"There is no style pack named {use.pack}. Leave it out, or make it first.")
            path = self.find(use)
            facts = read_facts(path, use.pack)
            check_fits(path, facts, self._pipe, use.pack, self._model_name)
            self._checked[name] = (path, facts)
        return self._checked[name]

    def _load(self, use: StylePackUse) -> str:
        name = adapter_name(use)
        path, facts = self._lookup(use)
        if name in self._loaded:
            self._loaded.move_to_end(name)
            return name
        while len(self._loaded) >= MOST_LOADED:
            oldest, _ = self._loaded.popitem(last=False)
            self._pipe.delete_adapters(oldest)
        try:
            self._pipe.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name=name)
        except (ValueError, RuntimeError, KeyError, OSError) as error:
            raise UserFixable(
                f"The file of the style pack {use.pack} cannot be loaded. Import or train it again.", detail=str(error)
            ) from error
        present = {adapter for adapters in self._pipe.get_list_adapters().values() for adapter in adapters}
        if name not in present:
            raise UserFixable(f"The file of the style pack {use.pack} holds nothing for {self._model_name}.")
        self._loaded[name] = facts
        return name


def adapter_name(use: StylePackUse) -> str:
    """Names of adapters become names of modules: letters and digits only."""
    return f"pack{use.sha256[:16]}" if use.sha256 else "pack" + use.pack.encode().hex()


def with_trigger(request: GenerationRequest, triggers: Sequence[str]) -> GenerationRequest:
    """The request as the model reads it: trigger words follow the prompt, the subject stays what it was."""
    words = [word for word in triggers if word and word.lower() not in request.prompt.lower()]
    if not words:
        return request
    return request.replaced(prompt=", ".join([request.prompt, *words]), subject=request.subject or request.prompt)
