"""Model names as an Ollama client writes them, for models with the ids of hosted services (`types/model/name.go`).

Ollama's own syntax is not enforced: `ft:gpt-4o:org::x`, `meta-llama/llama-3:free` and `@cf/meta/llama-3.1-8b-instruct`
are names here. What follows the last colon, if no slash does, is the tag.
"""

import re

_DEFAULT_TAG = "latest"
_DEFAULT_PARTS = ("registry.ollama.ai", "library")  # the host and the namespace that go without saying

# Nothing that a host uses in its ids: control characters, blanks, quotes, angle brackets, ampersands, backslashes,
# what an undecodable character became, and a digest (`@20240620` is a version at Google). A name like that is a
# mistake of the client's, not worth an upstream call.
_IMPOSSIBLE = re.compile(r"""[\s\x00-\x1f\x7f-\x9f\ufffd"'`<>&\\]|@sha256:""")

_LOCAL = ":local"
_SOURCES = (":cloud", _LOCAL)

# A release in a model's name: -2026-03-05, -20250514, -0613, -2512.
_DATE = re.compile(r"-(?:20[0-9]{2}-[0-9]{2}-[0-9]{2}|20[0-9]{6}|[0-9]{4})$")

_VENDORS_OF_OPENAI_MODELS = frozenset({"openai", "azure"})
_HOST_SUFFIXES = (":latest", ":free")  # Ollama's tag, OpenRouter's price


def is_possible_name(name: str) -> bool:
    """Whether any host could have a model of that name; blanks around it do not count."""
    trimmed = name.strip()
    return bool(trimmed) and not _IMPOSSIBLE.search(trimmed)


def names_two_sources(name: str) -> bool:
    """Whether the name ends in two of Ollama's suffixes `:cloud` and `:local`, which say where a model runs."""
    base, colon, source = name.strip().lower().rpartition(":")
    return colon + source in _SOURCES and base.endswith(_SOURCES)


def canonical_name(name: str) -> str:
    """The shortest form that Ollama shows in lists: without the default host and namespace, always with a tag."""
    short = _without_local(name)
    for part in _DEFAULT_PARTS:
        short = short.removeprefix(f"{part}/")
    return tagged_name(short)


def tagged_name(name: str) -> str:
    """The name with a tag: its own, or the one that goes without saying."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:{_DEFAULT_TAG}"


def qualified_name(name: str) -> str:
    """The whole form, which Ollama's errors show: with registry, namespace and tag (`Name.String`)."""
    tagged = tagged_name(_without_local(name))
    return "/".join((*_DEFAULT_PARTS[: max(0, 2 - tagged.count("/"))], tagged))


def folded_name(name: str) -> str:
    """What all ways to write one model's name have in common: capitals do not count, nor Gemini's `models/`."""
    return canonical_name(name).lower().removeprefix("models/")


def upstream_id(name: str) -> str:
    """The name for the upstream: without blanks around it, Ollama's `:local`, and the tag that clients add."""
    local = _without_local(name)
    base, _, tag = local.rpartition(":")
    return base if base and tag.lower() == _DEFAULT_TAG else local


def _without_local(name: str) -> str:
    """The name without blanks around it and Ollama's suffix for a model that must not run at ollama.com."""
    trimmed = name.strip()
    base, colon, source = trimmed.rpartition(":")
    return base if base and colon + source.lower() == _LOCAL else trimmed


def undated(name: str) -> str:
    """The name without the date of a release at its end."""
    return _DATE.sub("", name)


def parts_of(model_id: str) -> tuple[str, ...]:
    """What stands between the slashes of an id, in lower case: vendors, and last the model's own name.

    Not told are what hosts put around it (`models/gpt-4o`, `gpt-4o:free`, `gpt-4o:latest`), and which fine-tune of its
    base it is: `ft:gpt-4o:org::x` is as good as `gpt-4o`.
    """
    name = model_id.strip().lower().removeprefix("models/")
    for suffix in _HOST_SUFFIXES:
        name = name.removesuffix(suffix)
    *vendors, name = name.split("/")
    return *vendors, name.removeprefix("ft:").split(":")[0] if name.startswith("ft:") else name


def openai_name(model_id: str) -> str:
    """What OpenAI calls a model; empty when the id names another vendor's.

    Read are `gpt-4o`, `openai/gpt-4o`, `openrouter/openai/gpt-4o`, and what `parts_of` takes away.
    """
    *vendors, name = parts_of(model_id)
    return "" if vendors and vendors[-1] not in _VENDORS_OF_OPENAI_MODELS else name
