"""Write `addon/model_catalogue.json`: what is known of hosted models, from the model map of litellm.

    uv run --with pip python -m scripts.update_catalogue             # of the pinned release
    uv run --with pip python -m scripts.update_catalogue --latest    # of the newest, whose version then belongs below
    uv run --with pip python -m scripts.update_catalogue --check     # writes nothing, exit code 1 when out of date
    uv run python -m scripts.update_catalogue --wheel FILE           # of a wheel that is there already

The wheel (41 MB, MIT licence) is read as a zip file: litellm is neither installed nor imported, and of it nothing but
facts about models is taken.
"""

import argparse
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from translators.names import undated
from translators.ollama_models import ordered
from translators.profiles import profile_for

LITELLM: Final = "1.109.1"
"""The release that the committed file is made from."""

MODEL_MAP: Final = "litellm/model_prices_and_context_window_backup.json"
CATALOGUE: Final = Path(__file__).resolve().parent.parent / "addon" / "model_catalogue.json"

type Entry = dict[str, Any]
"""One model in litellm's map."""

type Row = list[Any]
"""One model in the catalogue: the values of `COLUMNS`; those at the end that are not known are left out."""

COLUMNS: Final = ["context_length", "capabilities", "embedding_length", "only_api"]

# litellm's provider -> the catalogue's. Azure serves OpenAI's models, so its table holds only what OpenAI's lacks.
PROVIDERS: Final = {
    "openai": "openai",
    "text-completion-openai": "openai",
    "azure": "azure",
    "azure_ai": "azure-ai",
    "anthropic": "anthropic",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "dashscope": "dashscope",
    "deepinfra": "deepinfra",
    "deepseek": "deepseek",
    "fireworks_ai": "fireworks",
    "fireworks_ai-embedding-models": "fireworks",
    "gemini": "gemini",
    "groq": "groq",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "nebius": "nebius",
    "novita": "novita",
    "perplexity": "perplexity",
    "sambanova": "sambanova",
    "together_ai": "together",
    "voyage": "voyage",
    "xai": "xai",
    "zai": "zai",
}

# Hosts of open weights: what they say of a model goes by its bare name into `by_name`, for servers that say nothing.
OPEN_HOSTS: Final = frozenset(
    {"baseten", "cerebras", "deepinfra", "fireworks_ai", "friendliai", "groq", "hyperbolic", "nebius", "novita"}
    | {"ovhcloud", "sambanova", "scaleway", "together_ai"}
)

TEXT_MODES: Final = frozenset({"chat", "responses", "completion"})
OTHER_MODES: Final = frozenset(
    {"audio_speech", "audio_transcription", "image_edit", "image_generation", "moderation", "ocr", "realtime", "rerank"}
    | {"video_generation"}
)

# litellm's flag -> Ollama's capability.
FLAGS: Final = {
    "supports_function_calling": "tools",
    "supports_vision": "vision",
    "supports_reasoning": "thinking",
    "supports_audio_input": "audio",
}

# Keys that are a price by size, by picture or by region and no model that can be asked for.
_NO_MODEL: Final = re.compile(
    r"(?:^|-)(?:up-to|above|[\d.]+b-to|[\d.]+b-[\d.]+b$)|default$|/container$|^(?:low|medium|high|standard|hd|\d+-x-)"
    r"|^(?:us|eu|apac|us-gov|global|global-standard)/",
    re.IGNORECASE,
)

_FIREWORKS: Final = "accounts/fireworks/models/"  # which every id there has before it

_FIREWORKS_POINT: Final = re.compile("(?<=[0-9])p(?=[0-9])")  # its llama-v3p1 is others' llama-v3.1

# What OpenAI gives as one window, of which a fixed part is for the prompt: the window -> the longest prompt. The map
# tells now the one (gpt-5.4: 1,050,000) and now the other (gpt-5.6: 922,000); a longer prompt than that is refused.
_LONGEST_PROMPT: Final = {400_000: 272_000, 1_050_000: 922_000}

# Where the map is wrong: longer prompts are refused ("maximum context length is 4097 tokens").
_CORRECTED_WINDOWS: Final = {"gpt-3.5-turbo-instruct": 4096, "gpt-3.5-turbo-instruct-0914": 4096}


def catalogue_of(model_map: Mapping[str, Entry]) -> dict[str, Any]:
    """The catalogue's facts.

    Args:
        model_map: Of litellm, parsed.

    Returns:
        `columns`, the names of a row's values; `not_text`, ids of models that make no text; `providers`, a
        table of rows for each; `by_name`, open-weight models by the last part of their ids. All ids are in lower case.
    """
    tables: dict[str, dict[str, Row]] = defaultdict(dict)
    not_text: set[str] = set()
    for key, entry in model_map.items():
        host = entry.get("litellm_provider", "")
        name = _bare_id(key, host)
        provider = PROVIDERS.get(host)
        if provider is None or _NO_MODEL.search(name) or name.startswith("ft:"):  # a fine-tune is as good as its base
            continue
        if entry.get("mode") in OTHER_MODES:
            not_text.add(name)
        elif row := row_of(name, entry, openai=provider in ("openai", "azure")):
            tables[provider].setdefault(name, row)
    openai = tables["openai"]
    tables["azure"] = {name: row for name, row in tables["azure"].items() if not openai.keys() & {name, undated(name)}}
    return {
        "columns": COLUMNS,
        "not_text": sorted(not_text),
        "providers": {provider: _without_repetitions(tables[provider]) for provider in sorted(tables)},
        "by_name": by_name(model_map),
    }


def row_of(name: str, entry: Entry, *, openai: bool) -> Row | None:
    """One model; None when it is not for text or embeddings, or its window is not known.

    Args:
        name: Its id.
        entry: What litellm says.
        openai: Whether it is OpenAI's: then the window is taken apart, and the profile of its family has the last word
            on thinking and tools, which the map has not for every model.
    """
    mode = entry.get("mode")
    window: Any = entry.get("max_input_tokens")
    if type(window) not in (int, float) or window < 1 or mode not in {*TEXT_MODES, "embedding"}:
        return None
    window = int(window)
    capabilities = {"embedding"} if mode == "embedding" else {"completion"} | _flags(entry)
    only_api = None
    if openai and mode != "embedding":
        window = _CORRECTED_WINDOWS.get(name) or _LONGEST_PROMPT.get(window, window)
        only_api = _only_api(entry)
        capabilities = _corrected(name, capabilities) if mode != "completion" else capabilities & {"completion"}
        if name.startswith("gpt-3.5-turbo-instruct"):
            capabilities.add("insert")  # no other model of OpenAI's takes `suffix`
    row = [window, " ".join(ordered(capabilities)), entry.get("output_vector_size"), only_api]
    while row[-1] is None:
        row.pop()
    return row


def _only_api(entry: Entry) -> str | None:
    if entry["mode"] == "completion":
        return "completions"
    paths = entry.get("supported_endpoints") or ()
    only_responses = "/v1/responses" in paths and "/v1/chat/completions" not in paths
    return "responses" if entry["mode"] == "responses" or only_responses else None


def _flags(entry: Entry) -> set[str]:
    flags = {capability for flag, capability in FLAGS.items() if entry.get(flag)}
    return flags | {"vision"} if "image" in (entry.get("supported_modalities") or ()) else flags


def _corrected(name: str, capabilities: set[str]) -> set[str]:
    profile = profile_for(name)
    if profile.efforts is not None:
        capabilities = capabilities | {"thinking"} if profile.efforts else capabilities - {"thinking"}
    return capabilities - {"tools"} if profile.tools == "no" else capabilities


def by_name(model_map: Mapping[str, Entry]) -> dict[str, Row]:
    """Open-weight models by bare name: the largest window of any host, and what half of the hosts say it can do.

    A host that is silent on a capability counts as one that denies it, so this claims too little rather than too much.
    """
    hosts: dict[str, dict[str, Row]] = defaultdict(dict)
    for key, entry in model_map.items():
        host = entry.get("litellm_provider", "")
        name = _bare_id(key, host)
        if host not in OPEN_HOSTS or entry.get("mode") not in TEXT_MODES or _NO_MODEL.search(name):
            continue
        if row := row_of(name, entry, openai=False):
            last = name.rpartition("/")[2].removesuffix(":free")
            hosts[_FIREWORKS_POINT.sub(".", last)].setdefault(host, row)
    table = {}
    for name, rows in sorted(hosts.items()):
        votes = Counter(capability for row in rows.values() for capability in row[1].split())
        common = ordered(capability for capability, count in votes.items() if 2 * count >= len(rows))
        table[name] = [max(row[0] for row in rows.values()), " ".join(common)]
    return table


def _bare_id(key: str, host: str) -> str:
    """A key of the map without litellm's provider before it, in lower case."""
    prefix = "fireworks_ai" if host.startswith("fireworks_ai") else host
    return key.removeprefix(f"{prefix}/").lower().removeprefix(_FIREWORKS)


def _without_repetitions(table: Mapping[str, Row]) -> dict[str, Row]:
    """Without dated names of which the same is known as of the name without the date."""
    return {
        name: row for name, row in sorted(table.items()) if undated(name) == name or table.get(undated(name)) != row
    }


def text_of(catalogue: Mapping[str, Any], source: str, licence: str) -> str:
    """The file's text, a line for each model, so that a change of it can be read.

    Args:
        catalogue: Of `catalogue_of`.
        source: Where the facts are taken from.
        licence: Under which that is distributed.
    """
    origin = {"made_by": "scripts/update_catalogue.py", "source": source, "licence": licence.splitlines()}
    head = origin | dict(catalogue)
    names, providers = head.pop("by_name"), head.pop("providers")
    tables = ",\n".join(_table_text(provider, table) for provider, table in providers.items())
    beginning = json.dumps(head, indent=1).removesuffix("\n}")
    return f'{beginning},\n "providers": {{\n{tables}\n}},\n{_table_text("by_name", names)}\n}}\n'


def _table_text(title: str, rows: Mapping[str, Row]) -> str:
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in rows.items())
    return f"{json.dumps(title)}: {{\n{lines}\n}}"


def text_from(wheel: Path) -> str:
    """The file's text, of a wheel of litellm."""
    version = wheel.name.split("-")[1]
    with zipfile.ZipFile(wheel) as archive:
        model_map = json.loads(archive.read(MODEL_MAP))
        licence = archive.read(f"litellm-{version}.dist-info/licenses/LICENSE").decode()
    return text_of(catalogue_of(model_map), f"litellm {version}, {MODEL_MAP}", licence)


def download(requirement: str, folder: Path) -> Path:
    """Have pip put a wheel into a folder."""
    if importlib.util.find_spec("pip") is None:
        sys.exit("there is no pip here: put `uv run --with pip` before the command, or give --wheel FILE")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest"]
    subprocess.run([*command, str(folder), requirement], check=True)
    return next(folder.glob("litellm-*.whl"))


def main(arguments: list[str] | None = None) -> int:
    """Write the catalogue, or check it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--latest", action="store_true", help=f"the newest litellm, not {LITELLM}")
    source.add_argument("--wheel", type=Path, metavar="FILE", help="a wheel of litellm")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when the file is out of date")
    parser.add_argument("--output", type=Path, default=CATALOGUE, help="what to write (default: %(default)s)")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        requirement = "litellm" if asked.latest else f"litellm=={LITELLM}"
        text = text_from(asked.wheel or download(requirement, Path(folder)))
    same = asked.output.is_file() and asked.output.read_text("utf-8") == text
    print(f"{asked.output}: {text.count(':[')} models, {len(text):,} bytes, {'as it was' if same else 'changed'}")
    if not asked.check:
        asked.output.write_text(text, "utf-8", newline="\n")
    return int(asked.check and not same)


if __name__ == "__main__":
    sys.exit(main())
