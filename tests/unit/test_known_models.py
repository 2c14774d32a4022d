"""What `/api/show` tells of well-known models of hosted services, through a list as each of these services gives it.

`context_length` is the longest prompt. The facts are written down by hand, from what is named in the last column: the
provider's own page, or the provider's own list, of which the entry here has the fields that matter.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from mitmproxy.test import tflow, tutils

from addon.catalogue import Catalogue
from addon.exchange import Exchange
from addon.listing import Listing
from addon.model_list import ModelList
from addon.upstream import Upstream
from translators.ollama_models import architecture_of

OPENAI = "https://api.openai.com/v1"
AZURE = "https://acme.openai.azure.com/openai/v1"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/openai"
GROQ = "https://api.groq.com/openai/v1"
ANTHROPIC = "https://api.anthropic.com/v1"
MISTRAL = "https://api.mistral.ai/v1"
DEEPSEEK = "https://api.deepseek.com"
XAI = "https://api.x.ai/v1"
MOONSHOT = "https://api.moonshot.ai/v1"
ZAI = "https://api.z.ai/api/paas/v4"
PERPLEXITY = "https://api.perplexity.ai"
COHERE = "https://api.cohere.ai/compatibility/v1"
CEREBRAS = "https://api.cerebras.ai/v1"
TOGETHER = "https://api.together.xyz/v1"
OPENROUTER = "https://openrouter.ai/api/v1"

MODELS_PAGE = "developers.openai.com/api/docs/models"
PROMPT_LIMIT = "a 400,000 window, of which 128,000 are for the answer: developers.openai.com/api/docs/models"
LONG_PROMPT = "a 1,050,000 window, of which 128,000 are for the answer: developers.openai.com/api/docs/models"
THEIR_LIST = "GET /v1/models"

NO_TOOLS = {"function_calling": False, "vision": False}
CHATS = {"completion_chat": True}

ROWS: list[tuple[str, str, dict[str, Any], int, str, str]] = [
    # base URL, id, what else its list says, context length, capabilities, source
    (OPENAI, "gpt-4o", {}, 128_000, "completion tools vision", MODELS_PAGE),
    (OPENAI, "gpt-4o-mini", {}, 128_000, "completion tools vision", MODELS_PAGE),
    (OPENAI, "gpt-4.1", {}, 1_047_576, "completion tools vision", MODELS_PAGE),
    (OPENAI, "o3", {}, 200_000, "completion tools vision thinking", MODELS_PAGE),
    (OPENAI, "o4-mini", {}, 200_000, "completion tools vision thinking", MODELS_PAGE),
    (OPENAI, "gpt-5", {}, 272_000, "completion tools vision thinking", PROMPT_LIMIT),
    (OPENAI, "gpt-5-mini-2025-08-07", {}, 272_000, "completion tools vision thinking", PROMPT_LIMIT),
    (OPENAI, "gpt-5-pro", {}, 272_000, "completion tools vision thinking", PROMPT_LIMIT),
    (OPENAI, "gpt-5.4", {}, 922_000, "completion tools vision thinking", LONG_PROMPT),
    (OPENAI, "gpt-6-astra", {}, 922_000, "completion tools vision thinking", LONG_PROMPT),
    (OPENAI, "gpt-3.5-turbo-instruct", {}, 4096, "completion insert", MODELS_PAGE),
    (OPENAI, "text-embedding-3-large", {}, 8191, "embedding", MODELS_PAGE),
    (OPENAI, "ft:gpt-4o-mini-2024-07-18:acme::Ab12", {}, 128_000, "completion tools vision", MODELS_PAGE),
    (AZURE, "gpt-4.1-mini", {}, 1_047_576, "completion tools vision", MODELS_PAGE),
    (GEMINI, "models/gemini-2.5-pro", {}, 1_048_576, "completion tools vision thinking audio", "ai.google.dev/models"),
    (
        GEMINI,
        "models/gemini-2.5-flash",
        {},
        1_048_576,
        "completion tools vision thinking audio",
        "ai.google.dev/models",
    ),
    (
        GROQ,
        "openai/gpt-oss-120b",
        {"context_window": 131_072, "active": True},
        131_072,
        "completion tools thinking",
        THEIR_LIST,
    ),
    (GROQ, "llama-3.3-70b-versatile", {"context_window": 131_072}, 131_072, "completion tools", THEIR_LIST),
    (ANTHROPIC, "claude-sonnet-4-5-20250929", {}, 200_000, "completion tools vision thinking", "platform.claude.com"),
    (ANTHROPIC, "claude-haiku-4-5", {}, 200_000, "completion tools vision thinking", "platform.claude.com"),
    (
        MISTRAL,
        "mistral-large-latest",
        {"max_context_length": 262_144, "capabilities": {**CHATS, "function_calling": True, "vision": True}},
        262_144,
        "completion tools vision",
        THEIR_LIST,
    ),
    (
        MISTRAL,
        "mistral-embed",
        {"max_context_length": 8192, "capabilities": {**NO_TOOLS, "completion_chat": False}},
        8192,
        "embedding",
        THEIR_LIST,
    ),
    (DEEPSEEK, "deepseek-chat", {}, 131_072, "completion tools", "api-docs.deepseek.com"),
    (DEEPSEEK, "deepseek-v4-pro", {}, 1_000_000, "completion tools thinking", "api-docs.deepseek.com"),
    (XAI, "grok-code-fast-1", {}, 256_000, "completion tools vision thinking", "api.x.ai/v1/language-models"),
    (XAI, "grok-4.3", {}, 1_000_000, "completion tools vision thinking", "api.x.ai/v1/language-models"),
    (MOONSHOT, "kimi-k2.5", {}, 262_144, "completion tools vision thinking", "platform.moonshot.ai"),
    (ZAI, "glm-4.6", {}, 200_000, "completion tools thinking", "docs.z.ai"),
    (PERPLEXITY, "sonar-pro", {}, 200_000, "completion", "docs.perplexity.ai"),
    (COHERE, "command-a-03-2025", {}, 256_000, "completion tools", "docs.cohere.com/docs/models"),
    (CEREBRAS, "gpt-oss-120b", {"created": 0}, 131_072, "completion tools thinking", "cerebras.ai"),
    (
        TOGETHER,
        "deepseek-ai/DeepSeek-V3.1",
        {"type": "chat", "context_length": 131_072},
        131_072,
        "completion tools thinking",
        THEIR_LIST,
    ),
    (
        OPENROUTER,
        "openai/gpt-5-nano",
        {
            "context_length": 400_000,
            "architecture": {"input_modalities": ["text", "image", "file"], "output_modalities": ["text"]},
            "supported_parameters": ["include_reasoning", "reasoning", "tools", "tool_choice"],
        },
        400_000,
        "completion tools vision thinking",
        THEIR_LIST,
    ),
]


class OneModel(Upstream):
    """An upstream that does nothing but list one model."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.entry = entry

    async def models(self, exchange: Exchange, validators: Mapping[str, str] | None = None) -> ModelList:
        return ModelList({"object": "list", "data": [self.entry]})


@pytest.mark.parametrize(("base_url", "model_id", "told", "context_length", "capabilities", "source"), ROWS)
async def test_show_tells_of_a_well_known_model_what_its_provider_documents(
    base_url: str, model_id: str, told: dict[str, Any], context_length: int, capabilities: str, source: str
) -> None:
    entry = {"id": model_id, "object": "model", "owned_by": "", **told}
    listing = Listing(OneModel(entry), Catalogue.load(None, base_url), 10)
    flow = tflow.tflow(
        req=tutils.treq(method=b"POST", path=b"/api/show", content=json.dumps({"model": model_id}).encode())
    )
    answer = json.loads((await listing.show(Exchange(flow, "", ""))).content or b"")
    shown = answer["model_info"][f"{architecture_of(model_id.removeprefix('models/'))}.context_length"]
    assert (shown, " ".join(answer["capabilities"])) == (context_length, capabilities), source


def test_the_table_has_thirty_models_of_ten_providers() -> None:
    assert len(ROWS) >= 30
    assert len({base_url for base_url, *_ in ROWS}) >= 10
