"""Every setting as data: mitmproxy's options, their environment variables, and the variables without an option.

mitmproxy's options are the settings system (`--set`, `config.yaml`, mitmweb's editor). The environment gives their
defaults. Secrets are variables only, because options are visible in mitmweb and in saved configurations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

type OptionValue = bool | int | str | tuple[str, ...]

OPENAI_URL: Final = "https://api.openai.com/v1"
"""The base URL when there is a key and nothing else is said."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of the addon.

    Attributes:
        name: As in `--set NAME=VALUE`.
        variables: The environment variables that give its default; the first that is not empty wins.
        default: Its default in a clean environment; its Python type is the option's type.
        help: One paragraph for users.
        unit: What a number counts.
    """

    name: str
    variables: tuple[str, ...]
    default: OptionValue
    help: str
    unit: str = ""

    @property
    def typespec(self) -> Any:
        """The type as mitmproxy wants it; it knows no `tuple`, and only `collections.abc.Sequence`."""
        return Sequence[str] if isinstance(self.default, tuple) else type(self.default)

    def __str__(self) -> str:
        """The option and its variables, as error messages name them."""
        return f"{self.name} ({' or '.join(self.variables)})"


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that has no option.

    Attributes:
        name: Of the variable.
        help: One paragraph for users.
    """

    name: str
    help: str


API_KEY: Final = Variable("OPENAI_API_KEY", "The key of the OpenAI-style server; a local server may need none.")
ORGANIZATION: Final = Variable("OPENAI_ORG_ID", "Sent as OpenAI-Organization, for keys that belong to several.")
PROJECT: Final = Variable("OPENAI_PROJECT_ID", "Sent as OpenAI-Project.")

VARIABLES: Final = (API_KEY, ORGANIZATION, PROJECT)

BASE_URL: Final = Option(
    "ollama_base_url",
    ("OPENAI_BASE_URL", "OPENAI_API_BASE_URL"),
    "",
    f"Base URL of the OpenAI-style server, up to and including /v1. Empty with a key in the environment: {OPENAI_URL}.",
)
PORT: Final = Option(
    "ollama_port",
    ("PROXY_PORT",),
    11434,
    "The Ollama port: requests that come in on it, or that go to it on this machine, are answered here.",
)
LISTEN: Final = Option(
    "ollama_listen",
    ("PROXY_LISTEN",),
    "127.0.0.1",
    "HOST or HOST:PORT to listen on when mitmproxy's mode is not given; without a port, ollama_port. "
    "An address beyond loopback needs ollama_allow.",
)
ALLOW: Final = Option(
    "ollama_allow",
    ("PROXY_ALLOW",),
    ("127.0.0.0/8", "::1/128"),
    "Networks whose clients are answered, such as 192.168.1.0/24; several are separated by commas.",
)
HOSTS: Final = Option(
    "ollama_hosts",
    ("PROXY_HOSTS",),
    (),
    "Host names that mean this Ollama when a client reaches them through the proxy on another port, besides this "
    "machine's own names and addresses; several are separated by commas, and * is every host.",
)
ORIGINS: Final = Option(
    "ollama_origins",
    ("OLLAMA_ORIGINS",),
    (),
    "Origins of web pages that may ask, besides those that Ollama allows; several are separated by commas, * is all.",
)
KEEP_ALIVE: Final = Option(
    "ollama_keep_alive",
    ("OLLAMA_KEEP_ALIVE",),
    "5m",
    "How long /api/ps shows a model after its last answer, where a request does not say: a duration such as 30m or 1h, "
    "seconds, or a negative number for ever.",
)
MODELS: Final = Option(
    "ollama_models",
    ("PROXY_MODELS",),
    "",
    "Path of a models.toml that tells context lengths and capabilities of models.",
)
OTHER_MODELS: Final = Option(
    "ollama_other_models",
    ("PROXY_OTHER_MODELS",),
    "hide",
    "hide, or show to list also the models that make no text: those for images, sound, video, moderation and the like. "
    "They are shown without the capability completion.",
)
API: Final = Option(
    "ollama_api",
    ("PROXY_API",),
    "auto",
    "Which API of the server answers chat and generate. auto: Chat Completions, and the Responses API where a model "
    "demands it; chat or responses: that one for all models. A models.toml can say it for one model.",
)
FILL_IN_MIDDLE: Final = Option(
    "ollama_fill_in_middle",
    ("PROXY_FILL_IN_MIDDLE",),
    "completions",
    "How generate fills the gap before a suffix. completions: by the legacy Completions API, which few models have; "
    "chat: for the others by a prompt that asks a chat model for the text in the gap.",
)
REQUEST_TIMEOUT: Final = Option(
    "ollama_request_timeout",
    ("PROXY_REQUEST_TIMEOUT",),
    300,
    "The longest silence of the OpenAI-style server in seconds, first byte included; not the length of an answer.",
    "seconds",
)
MAX_RETRIES: Final = Option(
    "ollama_max_retries",
    ("PROXY_MAX_RETRIES",),
    2,
    "How often a call that failed before its answer began is made again: without a connection, or with status 408, "
    "409, 429 or 5xx. A Retry-After of up to 30 seconds is kept; ollama_request_timeout bounds all tries together.",
)
MAX_BODY: Final = Option(
    "ollama_max_body",
    ("PROXY_MAX_BODY",),
    128,
    "The largest body of a request in MiB, images included; a request with a larger one is answered with status 413.",
    "MiB",
)
UPSTREAM_PROXY: Final = Option(
    "ollama_upstream_proxy",
    ("PROXY_UPSTREAM_PROXY",),
    "",
    "URL of a company proxy for calls to the OpenAI-style server: http://HOST:PORT, with user:password@ before the "
    "host if it wants them. HTTPS_PROXY and its like are not used.",
)
CA_FILE: Final = Option(
    "ollama_ca_file",
    ("PROXY_CA_FILE",),
    "",
    "PEM file of the authorities to trust in calls to the OpenAI-style server, instead of the system's.",
)
RECORD_MODE: Final = Option(
    "ollama_record_mode",
    ("PROXY_RECORD_MODE",),
    "",
    "off: live, nothing is kept; none: recordings are replayed and nothing is asked elsewhere; all: live, and every "
    "exchange is kept; once: none if the folder holds a recording, else all; new_episodes: what is recorded is "
    "replayed, the rest is live and kept. Empty: off, or none without a key and a base URL.",
)
RECORDINGS: Final = Option(
    "ollama_recordings",
    ("PROXY_RECORDINGS",),
    "",
    "The folder of the recordings. Empty: recordings/ in this project.",
)
RECORD_MEDIA: Final = Option(
    "ollama_record_media",
    ("PROXY_RECORD_MEDIA",),
    True,
    "false: recordings hold a digest in the place of each image and of other long base64 texts in requests.",
)
REDACT: Final = Option(
    "ollama_redact",
    ("PROXY_REDACT",),
    "",
    "A regular expression for what must not be kept besides credentials, such as acme-[0-9]+|Jane Doe: it is taken out "
    "of recordings, of mitmproxy's flows when they are over, and of the log. Repeats in repeats, such as (a+)+, can "
    "hold up the proxy without end.",
)
REPLAY_SPEED: Final = Option(
    "ollama_replay_speed",
    ("PROXY_REPLAY_SPEED",),
    "original",
    "original: pieces of an answer come at their recorded times; instant: at once; or a factor, such as 2 for twice as "
    "fast and 0.5 for half as fast.",
)
REPLAY_REPEATS: Final = Option(
    "ollama_replay_repeats",
    ("PROXY_REPLAY_REPEATS",),
    "last",
    "What answers a request that is made more often than it was recorded. last: its last recording again; fail: an "
    "error, or in the mode new_episodes a live answer.",
)
COMPANIONS: Final = Option(
    "ollama_companions",
    ("PROXY_COMPANIONS",),
    True,
    "true: each call to the upstream is a flow of its own beside the client's, without the key, where flows are seen: "
    "in mitmweb and mitmproxy, and with -w or hardump. false: only the clients' flows.",
)
LOG_LEVEL: Final = Option(
    "ollama_log_level",
    ("LOG_LEVEL",),
    "info",
    "The least severe records to log: debug, info, warning or error. mitmproxy's -v, -q and termlog_verbosity win.",
)
LOG_FORMAT: Final = Option(
    "ollama_log_format",
    ("LOG_FORMAT",),
    "text",
    "text, or json for one JSON object a line, without mitmdump's list of flows. Read at the start.",
)

OPTIONS: Final = (
    BASE_URL,
    PORT,
    LISTEN,
    ALLOW,
    HOSTS,
    ORIGINS,
    KEEP_ALIVE,
    MODELS,
    OTHER_MODELS,
    API,
    FILL_IN_MIDDLE,
    REQUEST_TIMEOUT,
    MAX_RETRIES,
    MAX_BODY,
    UPSTREAM_PROXY,
    CA_FILE,
    RECORD_MODE,
    RECORDINGS,
    RECORD_MEDIA,
    REDACT,
    REPLAY_SPEED,
    REPLAY_REPEATS,
    COMPANIONS,
    LOG_LEVEL,
    LOG_FORMAT,
)

OPTION_NAMES: Final = frozenset(option.name for option in OPTIONS)


def markdown_table() -> str:
    """The table of settings, as the README shows it; without a newline at its end."""
    rows = [("Variable", "Option", "Default", "Meaning"), ("---",) * 4]
    rows += [(f"`{variable.name}`", "", "", variable.help) for variable in VARIABLES]
    rows += [
        (
            ", ".join(f"`{variable}`" for variable in option.variables),
            f"`{option.name}`",
            f"`{shown}` {option.unit}".rstrip() if (shown := as_text(option.default)) else "",
            option.help.replace("*", r"\*"),
        )
        for option in OPTIONS
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def as_text(value: OptionValue) -> str:
    """An option's value as its environment variable writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)
