"""The settings in the form that the rest of the addon uses, checked.

mitmproxy's options hold them (`option_table.py`), the environment gives the defaults and the secrets
(`environment.py`), and `setting_values.py` says what a value means.
"""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from mitmproxy.addonmanager import Loader
from mitmproxy.optmanager import OptManager
from pydantic import SecretStr

from addon import option_table as table
from addon import setting_values as values
from addon.environment import PROJECT_ROOT, Environment, read_environment
from addon.machine import is_loopback
from addon.option_table import OPTION_NAMES, Option
from addon.setting_values import Network
from translators.profiles import Dialect

__all__ = ["OPTION_NAMES", "Settings", "add_options", "current", "settings_from"]

logger = logging.getLogger(__name__)

type RecordMode = Literal["off", "none", "once", "new_episodes", "all"]
type Repeats = Literal["last", "fail"]

RECORD_MODES: Final[tuple[RecordMode, ...]] = ("off", "none", "once", "new_episodes", "all")
REPEATS: Final[dict[str, Repeats]] = {"last": "last", "fail": "fail"}


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked.

    Attributes:
        base_url: Of the upstream, without a slash at its end; empty when there is none.
        api_key: The upstream's key; empty when it needs none.
        organization: Value of the OpenAI-Organization header, or empty.
        project: Value of the OpenAI-Project header, or empty.
        port: The Ollama port.
        listen: Host (an IP address or `localhost`) and port of the listener that is added to mitmproxy's default mode.
        allow: Networks whose clients are answered.
        hosts: Further hosts that mean this Ollama, in lower case; `*` is every host.
        origins: Further browser origins.
        keep_alive: How long a model stays in `/api/ps` after its last answer, in nanoseconds.
        models: Path of models.toml.
        other_models: `hide` or `show` the models that make no text.
        api: The API of the upstream that answers chat and generate; None: the one that suits the model and request.
        fill_in_middle: `completions`, or `chat` to fill gaps by a prompt where a model only chats.
        request_timeout: The longest silence of the upstream, in seconds.
        max_retries: How often a failed upstream call is made again.
        max_body: The largest body of a request, in MiB.
        record_mode: `off` (live, nothing kept), `none` (replay only), `once` (`none` if there is a recording, else
            `all`), `new_episodes` (what is recorded is replayed, the rest kept) or `all` (live, everything kept).
        recordings: The folder of the recordings.
        record_media: Whether images stand in recordings themselves, not their digests.
        redact: What must not be kept besides credentials; None when nothing was named.
        replay_speed: How many times as fast as it was recorded; infinity is at once.
        replay_repeats: `last` or `fail` when a request is made more often than it was recorded.
        companions: Whether upstream calls are shown as flows of their own.
        offline_reason: Why recordings are replayed although nobody asked for it; empty when somebody did.
        upstream_proxy: URL of the company proxy, which may hold a password; empty when there is none.
        ca_file: PEM file to trust in upstream calls.
        log_level: debug, info, warning or error.
        log_format: text or json.
    """

    base_url: str
    api_key: SecretStr
    organization: str
    project: str
    port: int
    listen: tuple[str, int]
    allow: tuple[Network, ...]
    hosts: tuple[str, ...]
    origins: tuple[str, ...]
    keep_alive: int
    models: Path | None
    other_models: str
    api: Dialect | None
    fill_in_middle: str
    request_timeout: int
    max_retries: int
    max_body: int
    record_mode: RecordMode
    recordings: Path
    record_media: bool
    redact: re.Pattern[str] | None
    replay_speed: float
    replay_repeats: Repeats
    companions: bool
    offline_reason: str
    upstream_proxy: str = field(repr=False)
    ca_file: Path | None
    log_level: str
    log_format: str


def add_options(loader: Loader) -> None:
    """Declare the options, with the defaults that the environment gives; for an addon's `load` hook."""
    defaults = read_environment().defaults
    options = loader.master.options
    for option in table.OPTIONS:
        default = defaults[option.name]
        loader.add_option(
            option.name, option.typespec, list(default) if isinstance(default, tuple) else default, option.help
        )
        # mitmproxy converts `--set` after this, and when that fails it drops the whole script without a word and runs
        # on without it. An error that is logged now stops the start.
        if option.name in options.deferred and (problem := deferred_problem(option, options.deferred[option.name])):
            logger.error(problem)
            del options.deferred[option.name]


def deferred_problem(option: Option, deferred: Any) -> str:
    """What is wrong with a value that waits for its option to be declared; empty when mitmproxy can convert it.

    Args:
        option: The option.
        deferred: From `config.yaml`, a value; from `--set`, an object whose `val` is the list of the texts given.
    """
    texts = getattr(deferred, "val", None)
    if isinstance(option.default, tuple):
        right = texts is not None or (isinstance(deferred, list) and all(isinstance(item, str) for item in deferred))
        wanted = "give a list of texts"
    elif texts is not None and len(texts) != 1:
        return f"{option} is given {len(texts)} values: give one, as --set {option.name}=VALUE"
    elif isinstance(option.default, bool):
        right = texts[0] in ("true", "false", "toggle") if texts is not None else isinstance(deferred, bool)
        wanted = "give true or false"
    elif isinstance(option.default, str):
        right = texts is not None or isinstance(deferred, str)
        wanted = "give a text"
    else:
        right = _is_whole(texts[0]) if texts is not None else type(deferred) is int
        wanted = f"give a whole number, such as {option.default}"
    value = texts[0] if texts and not right else deferred
    return "" if right else f"{option} is {values.shown(value)}: {wanted}"


def _is_whole(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


def current(options: OptManager) -> Settings:
    """The settings as options and environment are now; for an addon's `configure` hook.

    Raises:
        ValueError: As `settings_from`.
    """
    return settings_from(options, read_environment())


def settings_from(options: OptManager, environment: Environment) -> Settings:
    """Check and parse all settings.

    Args:
        options: mitmproxy's options, ours among them.
        environment: For the secrets, and for what could not be read there.

    Raises:
        ValueError: One is wrong; the message names the option and its variable, the value and the remedy.
    """
    if environment.problems:
        raise ValueError("; ".join(environment.problems))
    port = _parsed(options, table.PORT, values.port)
    listen = _parsed(options, table.LISTEN, lambda value: values.listen_address(value, port))
    allow = _parsed(options, table.ALLOW, values.networks)
    if not is_loopback(listen[0]) and all(network.is_loopback for network in allow):
        raise ValueError(
            f"{table.LISTEN} is {options.ollama_listen!r}, but {table.ALLOW} lets in only this machine: "
            f"add the networks of your clients to {table.ALLOW.name}, such as 127.0.0.0/8,192.168.1.0/24"
        )
    api_key = _checked_key(environment.api_key)
    base_url = _parsed(options, table.BASE_URL, values.base_url) or (table.OPENAI_URL if api_key else "")
    record_mode, offline_reason = _record_mode(options, base_url, environment.near_misses)
    return Settings(
        base_url=base_url,
        api_key=api_key,
        organization=environment.organization,
        project=environment.project,
        port=port,
        listen=listen,
        allow=allow,
        hosts=_parsed(options, table.HOSTS, values.hosts),
        origins=_parsed(options, table.ORIGINS, values.items),
        keep_alive=_parsed(options, table.KEEP_ALIVE, values.keep_alive),
        models=_parsed(options, table.MODELS, values.path),
        other_models=_parsed(options, table.OTHER_MODELS, values.choice("hide", "show")),
        api=_parsed(options, table.API, values.api),
        fill_in_middle=_parsed(options, table.FILL_IN_MIDDLE, values.choice("completions", "chat")),
        request_timeout=_parsed(options, table.REQUEST_TIMEOUT, values.seconds),
        max_retries=_parsed(options, table.MAX_RETRIES, values.retries),
        max_body=_parsed(options, table.MAX_BODY, values.mebibytes),
        record_mode=record_mode,
        recordings=_parsed(options, table.RECORDINGS, values.path) or PROJECT_ROOT / "recordings",
        record_media=options.ollama_record_media,
        redact=_parsed(options, table.REDACT, values.pattern),
        replay_speed=_parsed(options, table.REPLAY_SPEED, values.speed),
        replay_repeats=REPEATS[_parsed(options, table.REPLAY_REPEATS, values.choice(*REPEATS))],
        companions=options.ollama_companions,
        offline_reason=offline_reason,
        upstream_proxy=_parsed(options, table.UPSTREAM_PROXY, values.proxy_url),
        ca_file=_parsed(options, table.CA_FILE, values.ca_file),
        log_level=_parsed(options, table.LOG_LEVEL, values.choice("debug", "info", "warning", "error")),
        log_format=_parsed(options, table.LOG_FORMAT, values.choice("text", "json")),
    )


def _parsed[T](options: OptManager, option: Option, parse: Callable[[Any], T]) -> T:
    value = getattr(options, option.name)
    try:
        return parse(value.strip() if isinstance(value, str) else value)
    except ValueError as error:
        raise ValueError(f"{option} is {values.shown(value)}: {error}") from None


def _checked_key(key: SecretStr) -> SecretStr:
    try:
        values.api_key(key.get_secret_value())
    except ValueError as error:
        raise ValueError(f"{table.API_KEY.name} (not shown) is no key: {error}") from None
    return key


def _record_mode(options: OptManager, base_url: str, near_misses: Sequence[str]) -> tuple[RecordMode, str]:
    """The mode, and why recordings are replayed although nobody asked for it."""
    word = _parsed(options, table.RECORD_MODE, values.choice("", *RECORD_MODES))
    asked = next((mode for mode in RECORD_MODES if mode == word), None)
    if base_url:
        return asked or "off", ""
    nowhere = _nowhere(near_misses)
    if asked in ("off", "all"):
        raise ValueError(f"{table.RECORD_MODE} is {asked!r}, which needs an upstream: {nowhere}")
    return "none", "" if asked == "none" else nowhere  # the other modes replay what there is


def _nowhere(near_misses: Sequence[str]) -> str:
    """What is missing for live answers, and what was perhaps meant for it."""
    hints = "".join(f" ({hint})" for hint in near_misses)
    return (
        f"set {table.API_KEY.name} to use OpenAI, or {table.BASE_URL.variables[0]} for another OpenAI-style server, in "
        f"the environment or in .env: there is neither{hints}"
    )
