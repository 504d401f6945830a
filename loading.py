"""One model is built at a time in a process.

diffusers builds models under accelerate's `init_empty_weights`, which patches `torch.nn.Module` for the whole process:
a model built in another thread meanwhile gets weights without data, and two overlapping builds leave the patch behind.
"""

from __future__ import annotations

import threading

MODEL_LOADING = threading.RLock()
