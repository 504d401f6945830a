"""The child process that serves a GGUF file: run by path, imports nothing of the project.

llama.cpp ends the whole process on a failed assertion, and a processor without AVX2 stops it with an illegal
instruction, so the weights live in a process of their own. Configuration comes as one JSON line on stdin, the address
goes out as one JSON line on stdout, and the end of stdin (the parent closed it, or died) ends the server.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    sys.path.pop(0)  # this folder's module names must not shadow anybody's
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever the native library prints belongs into the log
    config = json.loads(sys.stdin.readline())

    import xllamacpp

    # The package ships no types.
    params = xllamacpp.CommonParams()  # pyright: ignore[reportAttributeAccessIssue]
    params.model.path = config["model"]
    params.model_alias = {config["name"]}
    params.n_ctx = config["context"] * config["slots"]
    params.n_parallel = config["slots"]
    params.cpuparams.n_threads = config["threads"]
    params.cpuparams_batch.n_threads = config["threads"]
    params.n_threads_http = 4
    params.cache_ram_mib = 0  # each slot keeps its own prefix; saved ones lie on disk
    params.slot_save_path = config["cache"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [config["key"]]
    params.ui = False
    params.verbosity = 1
    server = xllamacpp.Server(params)  # pyright: ignore[reportAttributeAccessIssue]
    answer.write(json.dumps({"address": server.listening_address}) + "\n")
    answer.close()

    sys.stdin.read()
    os._exit(0)  # nothing to save, and a request under way must not hold the end up


if __name__ == "__main__":
    main()
