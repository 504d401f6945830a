"""What can go wrong, in one tree.

    GameForgeError
    ├── UserFixable        the user (or the model) can do something about it; the text is shown as it is
    │   ├── BadRequest     the request itself is off: wrong count, empty text, unknown format
    │   ├── NotFound       what was named does not exist
    │   ├── Conflict       somebody else changed it meanwhile
    │   └── NotReady       a model, file or service that is configured is missing or unreachable
    ├── ResourceError      the machine ran out: memory, disk, queue places
    └── Cancelled          somebody pressed stop; not a failure

Anything else is a bug and is never swallowed.
"""

from __future__ import annotations


class GameForgeError(Exception):
    """Base of all expected errors: `message` is one sentence for the user, `detail` the technical rest."""

    exit_code = 1

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class UserFixable(GameForgeError):
    """The user can mend it: `message` says what to do."""


class BadRequest(UserFixable):
    exit_code = 2


class NotFound(UserFixable):
    pass


class Conflict(UserFixable):
    """Nothing was changed, because what the caller saw is not what is there any more."""


class NotReady(UserFixable):
    pass


class ResourceError(GameForgeError):
    """Memory, disk or queue places ran out."""


class Cancelled(GameForgeError):
    def __init__(self, message: str = "Stopped.", *, detail: str = "") -> None:
        super().__init__(message, detail=detail)
