from __future__ import annotations

import pytest

from pipelines.batching import Item, even_batch, full_batch, group_items, timely_batch
from pipelines.device import GIB, Device, is_out_of_memory
from pipelines.request import GenerationRequest

CPU, CUDA = Device("cpu", "float32"), Device("cuda", "bfloat16")


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [(32, 8, [8, 8, 8, 8]), (11, 8, [6, 5]), (9, 4, [3, 3, 3]), (3, 16, [3]), (3, 1, [1, 1, 1])],
)
def test_micro_batches_are_even(count: int, most: int, expected: list[int]) -> None:
    sizes: list[int] = []
    while sum(sizes) < count:
        sizes.append(even_batch(count - sum(sizes), most))
    assert sizes == expected


def test_the_first_batch_is_small_where_images_take_long() -> None:
    assert timely_batch(32, 0.1, 32, first=True) == 5
    assert timely_batch(32, 0.1, 10, first=True) == 32  # soon done anyway
    assert timely_batch(8, 0.2, 9, first=True) == 2
    assert timely_batch(8, 60.0, 2, first=True) == 1
    assert timely_batch(32, 2.5, 20, first=False) == 8


def test_batch_sizes_follow_memory_and_model() -> None:
    small = GenerationRequest(prompt="a", seed=1, width=64, height=64, guidance=1.0)
    large = small.replaced(width=1024, height=1024)
    assert full_batch(CPU, 8 * GIB, small) == 2 * full_batch(CPU, 8 * GIB, small.replaced(guidance=3.0)) > 2
    assert full_batch(CPU, 200 * GIB, large) == 1
    assert full_batch(CUDA, 6 * GIB, large) == 2
    assert full_batch(CUDA, 0, large) == 1


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
