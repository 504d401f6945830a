"""Which device and precision to use, and how much memory there is."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from errors import NotReady

if TYPE_CHECKING:
    import torch

GIB = 1024**3


@dataclass(frozen=True)
class Device:
    """A torch device and the precision that it computes fastest without overflowing."""

    name: str  # "cpu", "cuda", "cuda:1", "mps"
    dtype: str  # "float32", "bfloat16", "float16"

    @property
    def kind(self) -> str:
        return self.name.split(":")[0]

    @property
    def torch_dtype(self) -> torch.dtype:
        import torch

        return getattr(torch, self.dtype)


def choose_device(wanted: str = "auto") -> Device:
    """Resolve the `device` setting on this machine.

    Raises:
        NotReady: the device that was asked for is not there.
    """
    import torch

    kind = wanted.split(":")[0]
    has_cuda = torch.cuda.is_available()
    has_mps = torch.backends.mps.is_available()
    if wanted == "auto":
        wanted = kind = "cuda" if has_cuda else "mps" if has_mps else "cpu"
    if kind == "cuda":
        number = int(wanted.split(":")[1]) if wanted.count(":") == 1 and wanted.split(":")[1].isdigit() else 0
        if not has_cuda or number >= torch.cuda.device_count():
            raise NotReady(
                f"The device {wanted!r} is not available. Set GAMEFORGE_DEVICE to auto, or install CUDA torch."
            )
        return Device(wanted, "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16")
    if kind == "mps":
        if not has_mps:
            raise NotReady("The device 'mps' is not available on this machine. Set GAMEFORGE_DEVICE to auto.")
        return Device("mps", "float16")
    if wanted == "cpu":
        return Device("cpu", "float32")
    raise NotReady(f"The device {wanted!r} is not known. Set GAMEFORGE_DEVICE to auto, cpu, cuda, cuda:1 or mps.")


def guess_device(wanted: str = "auto") -> Device:
    """What `choose_device` will most likely say, without importing torch (which takes seconds)."""
    if "torch" in sys.modules:
        try:
            return choose_device(wanted)
        except NotReady:
            return Device(wanted, "float32")
    if wanted == "auto":
        if sys.platform == "darwin" and platform.machine() == "arm64":
            wanted = "mps"
        elif not _torch_is_cpu_only() and shutil.which("nvidia-smi"):
            wanted = "cuda"
        else:
            wanted = "cpu"
    kind = wanted.split(":")[0]
    return Device(wanted, {"cuda": "bfloat16", "mps": "float16"}.get(kind, "float32"))


def _torch_is_cpu_only() -> bool:
    try:
        return importlib.metadata.version("torch").endswith("+cpu")
    except importlib.metadata.PackageNotFoundError:
        return True


def free_memory(device: Device) -> int:
    """Bytes that may still be taken: on the graphics card for CUDA, else in main memory."""
    if device.kind == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info(device.name)
        cached = torch.cuda.memory_reserved(device.name) - torch.cuda.memory_allocated(device.name)
        return free + cached
    return psutil.virtual_memory().available


def release_cached_memory(device: Device) -> None:
    """Give memory that torch keeps for reuse back, after it ran out."""
    import gc

    import torch

    gc.collect()
    if device.kind == "cuda":
        torch.cuda.empty_cache()
    elif device.kind == "mps":
        torch.mps.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch (any device) or Python itself says that memory ran out."""
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def use_physical_cores() -> None:
    """One compute thread per physical core that this process may use: hyper-threads slow matrix products down.

    `OMP_NUM_THREADS`, where the user set it, stays in force.
    """
    import torch

    if os.environ.get("OMP_NUM_THREADS"):
        return
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch.set_num_threads(max(1, min(allowed, psutil.cpu_count(logical=False) or allowed)))


def module_bytes(*modules: Any) -> int:
    """Bytes of all parameters and buffers."""
    total = 0
    for module in modules:
        if module is not None:
            tensors = [*module.parameters(), *module.buffers()]
            total += sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    return total
