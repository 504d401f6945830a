"""Threads that only wait must leave the cores to those that compute."""

from __future__ import annotations

import json
import os
import subprocess
import sys

PROBE = """
import json, sys
from cli import main
main(["doctor", "--json"])
import scipy.linalg, numpy
from threadpoolctl import threadpool_info
print(json.dumps([one["num_threads"] for one in threadpool_info() if one["internal_api"] == "openblas"]))
"""


def test_numpy_computes_in_the_thread_that_asks(home: object) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    probe = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, timeout=120)
    threads = json.loads(probe.stdout.splitlines()[-1])
    assert threads == [1] * len(threads), probe.stderr
