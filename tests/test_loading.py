"""Models are built one after the other, whoever asks for them at the same time."""

from __future__ import annotations

import threading

from memory.embedder import Embedder
from pipelines.engine import ImageEngine


def test_models_asked_for_at_once_all_have_their_weights():
    engine, embedders = ImageEngine(embedder=Embedder()), [Embedder(), Embedder()]
    work = [engine.load, *(lambda e=embedder: e.encode(["cactus"]) for embedder in embedders)]
    threads = [threading.Thread(target=job) for job in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    model = engine.loaded()
    tensors = [*model.pipe.unet.parameters(), *model.pipe.vae.parameters()]
    assert not any(tensor.is_meta for tensor in tensors)
    first, second = (embedder.encode(["cactus"]) for embedder in embedders)
    assert abs(first - second).max() < 1e-6
    assert not any(p.is_meta for p in Embedder()._loaded().parameters())
