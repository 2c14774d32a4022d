"""Settings: wrong values and what is said about them, parsed forms, secrets."""

import re
from pathlib import Path
from typing import Any

import pytest
from mitmproxy.addonmanager import Loader
from mitmproxy.certs import CertStore
from mitmproxy.test import taddons

from addon.environment import PROJECT_ROOT
from addon.option_table import OPTION_NAMES, OPTIONS, VARIABLES, markdown_table
from addon.setting_values import redacted, shown
from addon.settings import Settings, add_options, deferred_problem, settings_from
from tests.setting_sources import KEY, isolated, options, outside
from translators.durations import LONGEST


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return isolated(monkeypatch, tmp_path)


def parsed(**values: Any) -> Settings:
    return settings_from(options(**values), outside())


def pem(folder: Path) -> Path:
    CertStore.from_store(folder, "test", 2048)
    return folder / "test-ca-cert.pem"


WRONG: list[tuple[str, Any, str]] = [
    ("ollama_base_url", "api.openai.com/v1", "begin it with http:// or https://"),
    ("ollama_base_url", "localhost:8000/v1", "begin it with http:// or https://"),
    ("ollama_base_url", "ftp://host/v1", "begin it with http:// or https://"),
    ("ollama_base_url", "https:///v1", "it names no host: write it as http://HOST:PORT"),
    ("ollama_base_url", "http://host:99999/v1", "its host or port is malformed: write it as http://HOST:PORT"),
    ("ollama_base_url", "http://[::1/v1", "its host or port is malformed: write it as http://HOST:PORT"),
    ("ollama_base_url", '"http://host/v1"', "remove blanks and quotation marks"),
    ("ollama_base_url", "http://host/v1#x", "cut it before the ? or #"),
    (
        "ollama_base_url",
        "https://api.openai.com/v1/chat/completions/",
        "cut /chat/completions from its end: the base URL mostly ends in /v1",
    ),
    ("ollama_base_url", "http://host/v1/models", "cut /models from its end: the base URL mostly ends in /v1"),
    ("ollama_port", 0, "give a port from 1 to 65535"),
    ("ollama_port", 65536, "give a port from 1 to 65535"),
    ("ollama_listen", "0.0.0.0:0", "give a port from 1 to 65535"),
    ("ollama_listen", "127.0.0.1:http", "give a port from 1 to 65535 after the colon"),
    ("ollama_listen", "127.0.0.1:", "give a port from 1 to 65535 after the colon"),
    (
        "ollama_listen",
        "example.org",
        "give HOST or HOST:PORT with an IP address or localhost as host, such as 0.0.0.0 or [::]:11434",
    ),
    (
        "ollama_listen",
        ":11434",
        "give HOST or HOST:PORT with an IP address or localhost as host, such as 0.0.0.0 or [::]:11434",
    ),
    (
        "ollama_allow",
        ["192.168.1.0/33"],
        "give networks such as 192.168.1.0/24 or addresses; all of them are 0.0.0.0/0,::/0",
    ),
    ("ollama_allow", ["*"], "give networks such as 192.168.1.0/24 or addresses; all of them are 0.0.0.0/0,::/0"),
    ("ollama_allow", [], "it allows nobody: give a network such as 127.0.0.0/8"),
    ("ollama_hosts", ["http://nas"], "give bare host names or addresses, without http:// and without a port"),
    ("ollama_hosts", ["nas:11434"], "give bare host names or addresses, without http:// and without a port"),
    ("ollama_request_timeout", 0, "give 1 or more seconds"),
    ("ollama_upstream_proxy", "proxy:3128", "begin it with http:// or https://"),
    ("ollama_upstream_proxy", "socks5://proxy:1080", "begin it with http:// or https://"),
    ("ollama_ca_file", "/nowhere/ca.pem", "it cannot be read (No such file or directory): give the path of a PEM file"),
    ("ollama_other_models", "some", "give hide or show"),
    ("ollama_log_level", "verbose", "give debug, info, warning or error"),
    ("ollama_log_format", "xml", "give text or json"),
]


@pytest.mark.parametrize(("name", "value", "remedy"), WRONG)
def test_a_wrong_value_is_told_with_its_setting_and_the_remedy(name: str, value: Any, remedy: str) -> None:
    (option,) = (option for option in OPTIONS if option.name == name)
    with pytest.raises(ValueError, match=name) as caught:
        parsed(**{name: value})
    assert str(caught.value) == f"{name} ({' or '.join(option.variables)}) is {value!r}: {remedy}"


def test_a_file_without_certificates_is_no_ca_file(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("hello")
    with pytest.raises(ValueError, match=re.escape("it holds no certificate in PEM form")):
        parsed(ollama_ca_file=str(file))


def test_every_parsed_form() -> None:
    settings = parsed(
        ollama_base_url=" http://host:8000/v1/ ",
        ollama_port=11500,
        ollama_listen="[::1]",
        ollama_allow=["10.1.2.3/8, ::1", "192.168.0.1"],
        ollama_hosts=["NAS.local.", "[fe80::1]"],
        ollama_origins=["https://a.example,app://*"],
        ollama_models="~/models.toml",
        ollama_other_models="Show",
        ollama_upstream_proxy="http://user:word@proxy:3128",
        ollama_log_level="WARNING",
        ollama_log_format="JSON",
    )
    assert settings.base_url == "http://host:8000/v1"
    assert settings.listen == ("::1", 11500)
    assert [str(network) for network in settings.allow] == ["10.0.0.0/8", "::1/128", "192.168.0.1/32"]
    assert settings.hosts == ("nas.local", "fe80::1")
    assert settings.origins == ("https://a.example", "app://*")
    assert settings.models == Path("~/models.toml").expanduser()
    assert settings.other_models == "show"
    assert settings.upstream_proxy == "http://user:word@proxy:3128"
    assert (settings.log_level, settings.log_format) == ("warning", "json")


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("localhost", ("localhost", 11434)),
        ("LOCALHOST:80", ("localhost", 80)),
        ("127.0.0.2:80", ("127.0.0.2", 80)),
        ("::1", ("::1", 11434)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_a_listen_address_is_host_or_host_and_port(value: str, address: tuple[str, int]) -> None:
    assert parsed(ollama_listen=value).listen == address


def test_a_ca_file_is_a_path_to_certificates(tmp_path: Path) -> None:
    file = pem(tmp_path)
    assert parsed(ollama_ca_file=str(file)).ca_file == file


@pytest.mark.parametrize("address", ["0.0.0.0", "[::]:11434", "192.168.1.7"])
def test_listening_beyond_loopback_needs_allowed_networks(address: str) -> None:
    with pytest.raises(ValueError, match=r"ollama_listen \(PROXY_LISTEN\) is .* ollama_allow \(PROXY_ALLOW\)"):
        parsed(ollama_listen=address)
    parsed(ollama_listen=address, ollama_allow=["192.168.0.0/16"])


def test_a_key_alone_means_openai() -> None:
    assert parsed().base_url == "https://api.openai.com/v1"


def test_a_base_url_needs_no_key() -> None:
    settings = settings_from(options(ollama_base_url="http://host/v1"), outside(key=""))
    assert not settings.api_key


NOWHERE = r"set OPENAI_API_KEY to use OpenAI, or OPENAI_BASE_URL .* \(a\) \(b\)$"


def test_with_neither_key_nor_base_url_recordings_are_replayed_and_the_near_misses_are_told() -> None:
    settings = settings_from(options(), outside(key="", near_misses=("a", "b")))
    assert (settings.record_mode, settings.base_url) == ("none", "")
    assert re.search(NOWHERE, settings.offline_reason)


@pytest.mark.parametrize("mode", ["off", "all", "OFF"])
def test_a_mode_that_needs_an_upstream_is_refused_without_one_and_the_near_misses_are_told(mode: str) -> None:
    with pytest.raises(ValueError, match=NOWHERE):
        settings_from(options(ollama_record_mode=mode), outside(key="", near_misses=("a", "b")))


@pytest.mark.parametrize(("mode", "meant"), [("", "off"), ("off", "off"), ("none", "none"), ("All", "all")])
def test_with_a_key_answers_are_live_unless_something_else_is_asked(mode: str, meant: str) -> None:
    settings = parsed(ollama_record_mode=mode)
    assert (settings.record_mode, settings.offline_reason) == (meant, "")


def test_a_wrong_mode_names_the_right_ones() -> None:
    told = r"ollama_record_mode \(PROXY_RECORD_MODE\) is 'on': give off, none, once, new_episodes or all$"
    with pytest.raises(ValueError, match=told):
        parsed(ollama_record_mode="on")


def test_recordings_are_in_the_project_unless_another_folder_is_named() -> None:
    assert parsed().recordings == PROJECT_ROOT / "recordings"
    assert parsed(ollama_recordings="~/tapes").recordings == Path.home() / "tapes"


@pytest.mark.parametrize(
    ("given_", "seconds"),
    [("5m", 300), ("90", 90), ("0", 0), ("1h30m", 5400), ("0.5s", 0.5), ("1.5h", 5400)],
)
def test_a_keep_alive_is_read_as_ollama_reads_its_variable(given_: str, seconds: float) -> None:
    assert parsed(ollama_keep_alive=given_).keep_alive == int(seconds * 1e9)


@pytest.mark.parametrize("given_", ["-1", "-1m"])
def test_a_negative_keep_alive_is_for_ever(given_: str) -> None:
    assert parsed(ollama_keep_alive=given_).keep_alive == LONGEST


@pytest.mark.parametrize("given_", ["", "for ever", "5 m", "1d", "99999999999999999999"])
def test_a_keep_alive_that_is_none_is_refused(given_: str) -> None:
    with pytest.raises(ValueError, match=r"ollama_keep_alive \(OLLAMA_KEEP_ALIVE\) .*give a duration such as 30m"):
        parsed(ollama_keep_alive=given_)


@pytest.mark.parametrize("count", [-1, 11])
def test_an_absurd_number_of_retries_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=rf"ollama_max_retries .* is {count}: give a number from 0 to 10"):
        parsed(ollama_max_retries=count)


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (f"{KEY} ", "a blank or a line break"),
        (f"{KEY}\n", "a blank or a line break"),
        (f'"{KEY}"', "a quotation mark"),
        (f"{KEY}\u2026", "a character that no key has"),
        (f"{KEY}\x00", "a character that no key has"),
    ],
)
def test_a_malformed_key_is_told_without_being_shown(key: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        settings_from(options(), outside(key))
    assert "OPENAI_API_KEY" in str(caught.value)
    assert KEY[3:] not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ollama_base_url", "https://user:hidden@host/v1"),
        ("ollama_base_url", "https://user:hid/den@host/v1"),
        ("ollama_base_url", "https://us'er:hidden@host:x/v1"),
        ("ollama_base_url", "https://host/v1?api-key=hidden"),
        ("ollama_base_url", "sk-hidden"),
        ("ollama_base_url", "gsk_hiddenhiddenhiddenhidden1234"),
        ("ollama_upstream_proxy", "user:hidden@proxy:3128"),
        ("ollama_upstream_proxy", "http://user:hidden@proxy:x"),
        ("ollama_upstream_proxy", "http://user:hid@den@proxy:x"),
        ("ollama_hosts", ["a", "sk-hidden/"]),
    ],
)
def test_no_error_shows_what_may_be_a_secret(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name) as caught:
        parsed(**{name: value})
    assert "hid" not in str(caught.value)
    assert caught.value.__suppress_context__, "a traceback would show what the parser was told"


def test_no_representation_shows_a_secret() -> None:
    settings = parsed(ollama_upstream_proxy="http://user:hidden@proxy:1")
    assert KEY not in f"{settings!r} {settings} {outside()!r}"
    assert "hidden" not in repr(settings)


def test_a_secret_is_shown_by_its_end_only_if_it_is_long() -> None:
    assert (redacted(KEY), redacted("short")) == ("…WXYZ", "…")


def test_ordinary_values_are_shown_whole() -> None:
    assert shown(["a.example", "b"]) == "['a.example', 'b']"
    assert shown("http://host:1/v1") == "'http://host:1/v1'"


class Declares:
    """An addon that has our options and nothing else."""

    def load(self, loader: Loader) -> None:
        add_options(loader)


class Given:
    """What mitmproxy keeps of `--set` until the option is declared."""

    def __init__(self, *val: str) -> None:
        self.val = list(val)


@pytest.mark.parametrize(
    ("name", "deferred", "problem"),
    [
        ("ollama_port", Given("1"), ""),
        ("ollama_port", 1, ""),
        ("ollama_listen", Given("x"), ""),
        ("ollama_allow", Given(), ""),
        ("ollama_allow", ["x"], ""),
        ("ollama_port", Given("abc"), "ollama_port (PROXY_PORT) is 'abc': give a whole number, such as 11434"),
        ("ollama_port", "1", "ollama_port (PROXY_PORT) is '1': give a whole number, such as 11434"),
        ("ollama_port", True, "ollama_port (PROXY_PORT) is True: give a whole number, such as 11434"),
        ("ollama_listen", 1, "ollama_listen (PROXY_LISTEN) is 1: give a text"),
        (
            "ollama_listen",
            Given(),
            "ollama_listen (PROXY_LISTEN) is given 0 values: give one, as --set ollama_listen=VALUE",
        ),
        (
            "ollama_listen",
            Given("a", "b"),
            "ollama_listen (PROXY_LISTEN) is given 2 values: give one, as --set ollama_listen=VALUE",
        ),
        ("ollama_allow", "x", "ollama_allow (PROXY_ALLOW) is 'x': give a list of texts"),
    ],
)
def test_a_value_that_mitmproxy_cannot_convert_is_told(name: str, deferred: object, problem: str) -> None:
    (option,) = (option for option in OPTIONS if option.name == name)
    assert deferred_problem(option, deferred) == problem


def test_a_set_that_mitmproxy_cannot_convert_is_an_error_and_the_addon_stays(caplog: pytest.LogCaptureFixture) -> None:
    with taddons.context() as context:
        context.options.set("ollama_port=abc", "ollama_listen=::1", defer=True)
        context.master.addons.add(Declares())
        assert (context.options.ollama_port, context.options.ollama_listen) == (11434, "::1")
        assert not context.options.deferred
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "ollama_port (PROXY_PORT) is 'abc': give a whole number, such as 11434")
    ]


def test_options_are_declared_as_the_table_says() -> None:
    declared = options()
    for option in OPTIONS:
        default = list(option.default) if isinstance(option.default, tuple) else option.default
        assert declared.default(option.name) == default
        assert "\n" not in option.help
    assert {name for name in declared.keys() if name.startswith("ollama")} == OPTION_NAMES  # noqa: SIM118 - no __iter__


def test_the_table_of_settings_has_a_row_for_each() -> None:
    rows = markdown_table().splitlines()
    assert len(rows) == 2 + len(VARIABLES) + len(OPTIONS)
    assert {row.count(" | ") for row in rows} == {3}
    assert "| `PROXY_REQUEST_TIMEOUT` | `ollama_request_timeout` | `300` seconds |" in "\n".join(rows)
