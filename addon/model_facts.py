"""What a model's id alone tells: a catalogue of hosted models, made by `scripts/update_catalogue.py`, and name rules.

OpenAI's list tells neither context length nor capabilities, and clients decide by them. A model that nobody knows gets
stated, careful defaults: a window too small only shortens prompts, one too large breaks requests.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import orjson

from addon.providers import MAKERS, tables_of, tables_of_vendor
from translators.names import parts_of, undated
from translators.ollama_models import UNDATED, Model, ordered
from translators.openai_models import use_by_name
from translators.profiles import Dialect

DEFAULT_CONTEXT_LENGTH: Final = 32_768
"""Tokens of a model that nobody knows; what VS Code assumes too."""

LONGEST_ID: Final = 256
"""Characters; a longer id is no model's, and is not looked up."""

REMEMBERED: Final = 4096
"""Ids whose facts are kept: a list of some hundred models is read again and again."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one model.

    Attributes:
        context_length: The longest prompt, in tokens; 0 for a model that reads none, or of no use for text.
        capabilities: In Ollama's words and order; neither `completion` nor `embedding` where it is of no use for text.
        embedding_length: Numbers in a vector; None when unknown, and for models that make none.
        only_api: The one API that serves it; None when Chat Completions does, or nothing is known.
        known: Whether the capabilities are all that it can do. If not, nobody may be refused for what is not there.
        found: Whether the upstream is known to have the model, though its list may not say so.
    """

    context_length: int
    capabilities: tuple[str, ...]
    embedding_length: int | None = None
    only_api: Dialect | None = None
    known: bool = False
    found: bool = False

    @property
    def is_for_text(self) -> bool:
        """Whether an Ollama client can use it; images, speech, moderation and the like are not for text."""
        return "completion" in self.capabilities or "embedding" in self.capabilities

    def model(self, model_id: str, created: int = UNDATED, owned_by: str = "") -> Model:
        """The model of this id, as it is listed and shown."""
        return Model(model_id, self.context_length, self.capabilities, self.embedding_length, created, owned_by)


UNKNOWN: Final = Known(DEFAULT_CONTEXT_LENGTH, ("completion", "tools"))
"""For a model that nobody knows. Most take tools; vision and thinking are not claimed without need."""

UNKNOWN_EMBEDDING: Final = Known(8_191, ("embedding",))
"""For one whose name says that it makes embeddings; the window is that of OpenAI's."""

NOT_FOR_TEXT: Final = Known(0, ())
"""For one whose name says that it is for images, speech, moderation or the like."""

type _Row = list[Any]  # context length, capabilities, and where known: embedding length, the only API

_DATA: Final[dict[str, Any]] = orjson.loads(Path(__file__).with_name("model_catalogue.json").read_bytes())
_TABLES: Final[Mapping[str, Mapping[str, _Row]]] = _DATA["providers"]
_BY_NAME: Final[Mapping[str, _Row]] = _DATA["by_name"]
_NOT_TEXT: Final = frozenset(_DATA["not_text"])

# Open weights by how their name begins, and what all of the family can do, as ollama.com/library marks them: hosts are
# often silent on it, and local servers always.
_OPEN_FAMILIES: Final = tuple(
    (re.compile(beginning), capabilities.split())
    for beginning, capabilities in (
        (r"gpt-oss", "tools thinking"),
        (r"deepseek-(?:r1|v3\.[1-9]|v[4-9])", "tools thinking"),
        (r"qwq|qwen-?3(?!.*(?:coder|instruct))", "tools thinking"),
        (r"qwen-?(?:2\.5|3)(?!.*(?:math|base))", "tools"),
        (r"qwen-?[23](?:\.5)?-?vl", "vision"),
        (r"(?:meta-)?llama-?(?:3\.[1-3](?!.*vision)|4)", "tools"),
        (r"(?:meta-)?llama-?(?:3\.2.*vision|4)", "vision"),
        (r"gemma-?3(?!n|.*(?:270m|1b))", "vision"),
        (r"(?:mistral|mixtral|ministral|magistral|devstral)", "tools"),
        (r"magistral", "thinking"),
        (r"mistral-small-?3\.[12]|pixtral|llava", "vision"),
        (r"kimi-k2-thinking|glm-4\.[5-9]|minimax-m[2-9]", "tools thinking"),
    )
)

_SEPARATOR: Final = re.compile(r"[-.:_@]")


def facts_of(model_id: str, provider: str) -> Known:
    """What the id tells.

    Args:
        model_id: The upstream's.
        provider: Of `provider_of`: the same model differs from host to host.
    """
    return _facts_of(model_id, provider) if len(model_id) <= LONGEST_ID else UNKNOWN


@lru_cache(REMEMBERED)
def _facts_of(model_id: str, provider: str) -> Known:
    """The most certain comes first; a number of another host's is the last resort."""
    *vendors, name = parts_of(model_id)
    if known := _of_its_name(vendors, name, provider):
        return known
    if name in _NOT_TEXT or use_by_name(model_id) == "other":
        return NOT_FOR_TEXT
    if use_by_name(model_id) == "embedding":
        return UNKNOWN_EMBEDDING
    if name in _BY_NAME:
        return _with_family(name, _read(_BY_NAME[name]))
    return _of_its_relatives(vendors, name, provider) or _with_family(name, _of_its_weights(name) or UNKNOWN)


def _of_its_name(vendors: Sequence[str], name: str, provider: str) -> Known | None:
    """The row of exactly this model: among the upstream's own, a vendor's that the id names, or a maker's."""
    own = tables_of(provider)
    places = [(table, "/".join((*vendors, name))) for table in own]
    for count, vendor in enumerate(vendors, 1):
        rest = "/".join((*vendors[count:], name))
        places += [(table, key) for table in tables_of_vendor(vendor) for key in (rest, name)]
    if not vendors and not provider:
        places += [(table, name) for table in MAKERS]
    for table, key in places:
        rows = _TABLES.get(table, {})
        for spelled in (key, undated(key), key.replace(".", "-")):  # Anthropic's own 4-5 is 4.5 elsewhere
            if spelled in rows:
                return _placed(_read(rows[spelled]), table, own, vendors, name)
    return None


def _of_its_relatives(vendors: Sequence[str], name: str, provider: str) -> Known | None:
    """The facts of the nearest relative of a new or renamed model, where its maker's names tell families apart."""
    own = tables_of(provider)
    for table in tables_of_vendor(vendors[-1]) if vendors else own:
        rows = _TABLES.get(table, {})
        for beginning in _beginnings(name):
            if beginning in rows:
                return _placed(_read(rows[beginning]), table, own, vendors, name)
            if family := _family(beginning, rows):
                return replace(family, found=table in own)
    return None


def _placed(known: Known, table: str, own: Sequence[str], vendors: Sequence[str], name: str) -> Known:
    """What holds of a table's facts here."""
    whole = table == "openai" or "embedding" in known.capabilities  # others' rows lack what nobody has told litellm
    only_api = None if vendors else known.only_api  # a gateway, whose ids name vendors, has Chat Completions for all
    known = known if whole else _with_family(name, known)
    return replace(known, only_api=only_api, known=whole, found=table in own)


def _family(beginning: str, rows: Mapping[str, _Row]) -> Known | None:
    """The smallest window of all models whose names begin like this, and what half of them can do."""
    relatives = [_read(row) for name, row in rows.items() if name.startswith((f"{beginning}-", f"{beginning}."))]
    if not relatives:
        return None
    counts = Counter(capability for known in relatives for capability in known.capabilities)
    common = ordered(capability for capability, count in counts.items() if 2 * count >= len(relatives))
    return Known(min(known.context_length for known in relatives), common)


def _of_its_weights(name: str) -> Known | None:
    """What hosts say of these weights, under a name with more at its end: `qwen3-8b-q4_k_m.gguf`."""
    return next((_read(_BY_NAME[beginning]) for beginning in _beginnings(name) if beginning in _BY_NAME), None)


def _with_family(name: str, known: Known) -> Known:
    """With what all models of an open-weight family can do."""
    granted = {capability for beginning, all_can in _OPEN_FAMILIES if beginning.match(name) for capability in all_can}
    return replace(known, capabilities=ordered({*known.capabilities, *granted}))


def _beginnings(name: str) -> Iterator[str]:
    """The name, and what is left of it when it is cut at its end, word by word, as long as it holds a version.

    `gpt` alone is no family.
    """
    while re.search("[0-9]", name):
        yield name
        end = max((match.start() for match in _SEPARATOR.finditer(name)), default=0)
        name = name[:end]


def _read(row: _Row) -> Known:
    context_length, capabilities, embedding_length, only_api = (*row, None, None)[:4]
    return Known(context_length, ordered(capabilities.split()), embedding_length, only_api)
