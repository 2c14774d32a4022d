"""What one setting's value means: a parser for each kind.

Every parser raises a ValueError that says what is wrong and what to do, and that never holds the value: whoever calls
adds the setting's name and the value, as `shown` lets it be seen.
"""

import math
import re
import ssl
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from translators.durations import LONGEST, NANOSECONDS, parse_duration
from translators.profiles import Dialect

type Network = IPv4Network | IPv6Network

ENDPOINTS: Final = ("/chat/completions", "/completions", "/responses", "/embeddings", "/models")
"""Ends of URLs that people copy from an example call instead of the base URL."""

_APIS: Final[dict[str, Dialect | None]] = {"auto": None, "chat": "chat", "responses": "responses"}

_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?|\*")


def shown(value: object) -> str:
    """A value for an error message, without what may be a secret in it: a user and password, a query, a key."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value))}]"
    if not isinstance(value, str):
        return repr(value)
    text = re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*://)?.*@", r"\1…@", value, flags=re.DOTALL)
    text = re.sub(r"\?.*", "?…", text, flags=re.DOTALL)
    text = re.sub(r"sk-[\w-]+", "sk-…", text)
    # A key in the place of another value: one long word. Hosts have dots, paths and URLs have slashes.
    return repr(redacted(text) if re.fullmatch(r"[\w-]{20,}", text) else text)


LEAST_TELLING: Final = 12
"""A beginning of a key that is shorter says little: `sk-proj-` is eight characters."""


def redacted(secret: str) -> str:
    """A secret as it may be shown: its last four characters, if that leaves enough of it unsaid."""
    return f"…{secret[-4:]}" if len(secret) >= 12 else "…"


def without(secret: str, text: str) -> str:
    """A text without a secret and without pieces of its beginning: servers repeat the key that they refuse."""
    for piece in _telling(secret) if secret[:LEAST_TELLING] in text else ():
        text = text.replace(piece, redacted(secret))
    return text


def masked(secret: str, data: bytes) -> bytes:
    """Bytes without a secret and pieces of its beginning, which become stars: each byte stays in its place."""
    for piece in map(str.encode, _telling(secret)) if secret[:LEAST_TELLING].encode() in data else ():
        data = data.replace(piece, b"*" * len(piece))
    return data


def _telling(secret: str) -> list[str]:
    """A secret and those of its beginnings that say something of it, the longest first."""
    return [secret[:length] for length in range(len(secret), LEAST_TELLING - 1, -1)]


def port(value: int) -> int:
    """A TCP port."""
    if not 1 <= value <= 65535:
        raise ValueError("give a port from 1 to 65535")
    return value


def seconds(value: int) -> int:
    """A time limit in whole seconds."""
    if value < 1:
        raise ValueError("give 1 or more seconds")
    return value


def retries(value: int) -> int:
    """How often to try again."""
    if not 0 <= value <= 10:
        raise ValueError("give a number from 0 to 10")
    return value


def keep_alive(value: str) -> int:
    """A time in nanoseconds: a duration as Go reads it, or whole seconds; negative is for ever."""
    try:
        nanoseconds = int(value) * NANOSECONDS if re.fullmatch(r"-?\d{1,9}", value) else parse_duration(value)
    except ValueError:
        raise ValueError("give a duration such as 30m or 1h, or seconds, or -1 for ever") from None
    return LONGEST if nanoseconds < 0 else nanoseconds


def mebibytes(value: int) -> int:
    """A size in whole MiB."""
    if not 1 <= value <= 4096:
        raise ValueError("give a number of MiB from 1 to 4096")
    return value


def choice(*choices: str) -> Callable[[str], str]:
    """A parser for one of these words, in capitals or not."""

    def parse(value: str) -> str:
        if value.lower() not in choices:
            words = [word for word in choices if word]
            raise ValueError(f"give {', '.join(words[:-1])} or {words[-1]}")
        return value.lower()

    return parse


def pattern(value: str) -> re.Pattern[str] | None:
    """A regular expression; None of an empty text."""
    if not value:
        return None
    try:
        compiled = re.compile(value)
    except re.error as error:
        raise ValueError(f"this is no regular expression of Python's: {error.msg} at character {error.pos}") from None
    if compiled.match(""):
        raise ValueError("it finds the empty text, so everywhere: give one that finds only what is to be taken out")
    return compiled


def speed(value: str) -> float:
    """How many times as fast as it was: infinity is at once."""
    named = {"original": 1.0, "instant": math.inf}
    if value.lower() in named:
        return named[value.lower()]
    try:
        factor = float(value)
    except ValueError:
        factor = math.nan
    if not 0 < factor < math.inf:
        raise ValueError("give original, instant, or a factor above 0, such as 2 for twice as fast")
    return factor


def api(value: str) -> Dialect | None:
    """Which of OpenAI's APIs is asked; None where that depends on the model."""
    return _APIS[choice(*_APIS)(value)]


def api_key(value: str) -> str:
    """A key that can stand in a header."""
    if re.search(r"\s", value):
        raise ValueError("it holds a blank or a line break: put the bare key there")
    if re.search(r"""["'`]""", value):
        raise ValueError("it holds a quotation mark: put the bare key there")
    if not (value.isascii() and value.isprintable()):
        raise ValueError("it holds a character that no key has: copy it again")
    return value


def base_url(value: str) -> str:
    """An http or https URL without a slash at its end; empty stays empty."""
    if not value:
        return ""
    parts = _url(value, ("http", "https"))
    if "@" in parts.netloc:
        raise ValueError("remove the user and password before the host: the key belongs into OPENAI_API_KEY")
    if parts.query or parts.fragment or value.endswith(("?", "#")):
        raise ValueError("cut it before the ? or #")
    stripped = value.rstrip("/")
    for endpoint in ENDPOINTS:
        if stripped.endswith(endpoint):
            raise ValueError(f"cut {endpoint} from its end: the base URL mostly ends in /v1")
    return stripped


def proxy_url(value: str) -> str:
    """The URL of an HTTP proxy; empty stays empty."""
    if value:
        _url(value, ("http", "https"))
    return value


def _url(value: str, schemes: tuple[str, ...]) -> SplitResult:
    if re.search(r"[\s\"'\\]", value):
        raise ValueError("remove blanks and quotation marks")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("its host or port is malformed: write it as http://HOST:PORT") from None
    if parts.scheme not in schemes:
        raise ValueError(f"begin it with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if not host:
        raise ValueError("it names no host: write it as http://HOST:PORT")
    return parts


def listen_address(value: str, default_port: int) -> tuple[str, int]:
    """HOST, HOST:PORT or [HOST]:PORT, where HOST is an IP address or `localhost`."""
    if (host := _bind_host(value)) is not None:
        return host, default_port
    before, _, after = value.rpartition(":")
    host = _bind_host(before)
    if host is None:
        raise ValueError(
            "give HOST or HOST:PORT with an IP address or localhost as host, such as 0.0.0.0 or [::]:11434"
        )
    if not (after.isascii() and after.isdecimal()):
        raise ValueError("give a port from 1 to 65535 after the colon")
    return host, port(int(after))


def _bind_host(text: str) -> str | None:
    bracketed = text.startswith("[") and text.endswith("]")
    host = text[1:-1] if bracketed else text
    if host.lower() == "localhost":
        return "localhost"
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def networks(values: Iterable[str]) -> tuple[Network, ...]:
    """Networks or single addresses; an address with a prefix length means the network it is in."""
    try:
        found = tuple(ip_network(item, strict=False) for item in items(values))
    except ValueError:
        raise ValueError("give networks such as 192.168.1.0/24 or addresses; all of them are 0.0.0.0/0,::/0") from None
    if not found:
        raise ValueError("it allows nobody: give a network such as 127.0.0.0/8")
    return found


def hosts(values: Iterable[str]) -> tuple[str, ...]:
    """Host names or addresses in lower case, without brackets; or `*`."""
    return tuple(_host_name(item.lower().removeprefix("[").removesuffix("]")) for item in items(values))


def _host_name(name: str) -> str:
    if _HOST.fullmatch(name):
        return name.removesuffix(".")
    try:
        return str(ip_address(name))
    except ValueError:
        raise ValueError("give bare host names or addresses, without http:// and without a port") from None


def items(values: Iterable[str]) -> tuple[str, ...]:
    """The items of a sequence option; as in the environment, one value may hold several, separated by commas."""
    return tuple(item for value in values for part in value.split(",") if (item := part.strip()))


def path(value: str) -> Path | None:
    """A path, `~` allowed; none when empty."""
    return Path(value).expanduser() if value else None


def ca_file(value: str) -> Path | None:
    """A PEM file that holds certificates; none when empty."""
    file = path(value)
    if file is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
        except ssl.SSLError:
            raise ValueError("it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)") from None
        except OSError as error:
            raise ValueError(f"it cannot be read ({error.strerror}): give the path of a PEM file") from None
    return file
