from __future__ import annotations

import pytest

from pipelines.batching import Item, full_batch, group_items, next_batch
from pipelines.device import GIB, Device, is_out_of_memory
from pipelines.request import GenerationRequest

CPU, CUDA = Device("cpu", "float32"), Device("cuda", "bfloat16")


@pytest.mark.parametrize(
    ("count", "full", "expected"),
    [(32, 16, [4, 14, 14]), (100, 16, [4, 16, 16, 16, 16, 16, 16]), (3, 16, [3]), (5, 16, [4, 1]), (3, 1, [1, 1, 1])],
)
def test_micro_batches_start_small_and_stay_even(count: int, full: int, expected: list[int]) -> None:
    sizes = []
    while sum(sizes) < count:
        sizes.append(next_batch(count - sum(sizes), full, first=not sizes))
    assert sizes == expected


def test_batch_sizes_follow_memory_and_model() -> None:
    assert full_batch(CPU, 8 * GIB, 64, 64) > 1
    assert full_batch(CPU, 200 * GIB, 1024, 1024) == 1
    assert full_batch(CUDA, 6 * GIB, 1024, 1024) == 2
    assert full_batch(CUDA, 0, 1024, 1024) == 1
    assert full_batch(CUDA, 6 * GIB, 1024, 1024, wanted=7) == 7


def test_groups_keep_the_order_of_their_first_members() -> None:
    base = GenerationRequest(prompt="a", seed=1, steps=5, guidance=2.0)
    items = [Item(i, base.replaced(steps=steps, seed=i)) for i, steps in enumerate([5, 9, 5, 9, 7])]
    assert [[item.index for item in group] for group in group_items(items)] == [[0, 2], [1, 3], [4]]


def test_running_out_of_memory_is_recognised() -> None:
    import torch

    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert not is_out_of_memory(ValueError("out of memory"))
