"""How large the body of a request may be, and what is told of a larger one."""

from dataclasses import dataclass
from typing import Final

from mitmproxy.utils import human

from addon.option_table import MAX_BODY
from translators.errors import RequestError

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """A limit.

    Attributes:
        most: The largest body that is taken, in bytes.
        size: The same, as a person writes it.
        option: What sets it.
    """

    most: int
    size: str
    option: str

    def error(self) -> RequestError:
        """What the client of a larger body is told."""
        return RequestError(
            f"the request body is larger than {self.size}: send less, or raise {self.option}", status=413
        )


def body_limit(max_body: int, body_size_limit: str | None) -> BodyLimit:
    """The limit for a request that is answered here: the smaller one.

    Args:
        max_body: `ollama_max_body`, in MiB.
        body_size_limit: mitmproxy's option of that name, such as "3m"; None when it is not set.
    """
    own = BodyLimit(max_body * MIB, f"{max_body} MiB", str(MAX_BODY))
    theirs = human.parse_size(body_size_limit)
    if theirs is None or theirs >= own.most:
        return own
    return BodyLimit(theirs, f"{body_size_limit!r} bytes", "mitmproxy's option body_size_limit")
