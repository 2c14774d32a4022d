"""How credentials look, and where they stand: tables that redaction and the scan of recordings go by."""

import re
from typing import Final, NamedTuple

_PEM: Final = r"[\x00-\x7f]{,16384}"
"""What can stand in a private key; an RSA key of 16,384 bits has about 12,500 characters."""

_PEM_KEY: Final = r"[A-Z ]*PRIVATE KEY-----"


class Shape(NamedTuple):
    """How one kind of credential looks.

    Attributes:
        start: How it begins, literally. That is looked for first, because it is much faster than a regular expression.
        rest: What follows, a regular expression for ASCII bytes.
        kind: What it is, as a message names it.
    """

    start: str
    rest: str
    kind: str


SHAPES: Final = (
    # Platforms that serve models. `sk-` is OpenAI (sk-proj-, sk-svcacct-, sk-admin-), Anthropic (sk-ant-), OpenRouter
    # (sk-or-), DeepSeek, Moonshot, LiteLLM …
    Shape("sk-", r"[\w-]{16,}", "an API key (sk-)"),
    Shape("sess-", r"[A-Za-z0-9]{24,}", "an OpenAI session"),
    Shape("ek_", r"[A-Za-z0-9]{24,}", "an OpenAI client secret"),
    Shape("org-", r"[A-Za-z0-9]{16,}", "an OpenAI organisation"),  # rate limit errors name it
    Shape("proj_", r"[A-Za-z0-9]{16,}", "an OpenAI project"),
    Shape("csk-", r"[\w-]{16,}", "a Cerebras key"),
    Shape("xai-", r"[A-Za-z0-9]{20,}", "an xAI key"),
    Shape("gsk_", r"[A-Za-z0-9]{20,}", "a Groq key"),
    Shape("AIza", r"[\w-]{35}", "a Google key"),
    Shape("AQ.", r"Ab[\w-]{30,}", "a Google key"),
    Shape("ya29.", r"[\w-]{20,}", "a Google access token"),
    Shape("pplx-", r"[A-Za-z0-9]{32,}", "a Perplexity key"),
    Shape("nvapi-", r"[\w-]{32,}", "an NVIDIA key"),
    Shape("tgp_v1_", r"[\w-]{24,}", "a Together key"),
    Shape("fw_", r"[A-Za-z0-9]{20,}", "a Fireworks key"),
    Shape("hf_", r"[A-Za-z0-9]{30,}", "a Hugging Face token"),
    Shape("r8_", r"[A-Za-z0-9]{30,}", "a Replicate token"),
    Shape("vck_", r"[A-Za-z0-9]{30,}", "a Vercel AI Gateway key"),
    Shape("cpk_", r"\w{20,}(?:\.\w+)*", "a Chutes key"),
    Shape("dapi", r"[0-9a-f]{32}", "a Databricks token"),
    Shape("ABSK", r"[A-Za-z0-9+/]{40,}=*", "an Amazon Bedrock key"),
    Shape("bedrock-api-key-", r"[A-Za-z0-9+/]{40,}=*", "an Amazon Bedrock key"),
    Shape("lsv2_", r"(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}", "a LangSmith key"),
    Shape("jina_", r"[\w-]{40,}", "a Jina key"),
    Shape("tvly-", r"[\w-]{20,}", "a Tavily key"),
    # What people paste into prompts.
    Shape("ghp_", r"[A-Za-z0-9]{36,}", "a GitHub token"),
    Shape("gho_", r"[A-Za-z0-9]{36,}", "a GitHub token"),
    Shape("ghr_", r"[A-Za-z0-9]{36,}", "a GitHub token"),
    Shape("ghs_", r"[A-Za-z0-9]{36,}", "a GitHub token"),
    Shape("ghu_", r"[A-Za-z0-9]{36,}", "a GitHub token"),  # Copilot's too
    Shape("github_pat_", r"\w{40,}", "a GitHub token"),
    Shape("glpat-", r"[\w-]{20,}(?:\.[\w-]+)*", "a GitLab token"),
    Shape("AKIA", r"[0-9A-Z]{16}(?![0-9A-Za-z])", "an AWS key id"),
    Shape("ASIA", r"[0-9A-Z]{16}(?![0-9A-Za-z])", "an AWS key id"),
    Shape("GOCSPX-", r"[\w-]{24,}", "a Google client secret"),
    Shape("xoxb-", r"[A-Za-z0-9-]{20,}", "a Slack token"),
    Shape("xoxp-", r"[A-Za-z0-9-]{20,}", "a Slack token"),
    Shape("xapp-", r"[A-Za-z0-9-]{20,}", "a Slack token"),
    Shape("sk_live_", r"[A-Za-z0-9]{20,}", "a Stripe key"),
    Shape("rk_live_", r"[A-Za-z0-9]{20,}", "a Stripe key"),
    Shape("npm_", r"[A-Za-z0-9]{36}", "an npm token"),
    Shape("pypi-", r"AgEI[\w-]{40,}", "a PyPI token"),
    Shape("eyJ", r"[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}", "a JSON Web Token"),
    Shape("SG.", r"[\w-]{22}\.[\w-]{43}", "a SendGrid key"),
    Shape("hooks.slack.com/services/", r"\w+/\w+/[A-Za-z0-9]{16,}", "a Slack webhook"),
    Shape("X-Amz-Signature=", r"[0-9a-f]{64}", "the signature of a URL"),
    Shape("X-Goog-Signature=", r"[0-9a-f]{64,}", "the signature of a URL"),
    # A credential of no known shape, known by its place; with a digit, else it may be prose.
    Shape("Bearer ", r"(?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*", "a bearer token"),
    Shape("bearer ", r"(?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*", "a bearer token"),
    Shape("BEARER ", r"(?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*", "a bearer token"),
    Shape("Basic ", r"(?=[A-Za-z0-9+/]*\d)[A-Za-z0-9+/]{16,}=*", "a user and password"),
    Shape("basic ", r"(?=[A-Za-z0-9+/]*\d)[A-Za-z0-9+/]{16,}=*", "a user and password"),
    Shape("-----BEGIN ", rf"{_PEM_KEY}(?:{_PEM}?-----END {_PEM_KEY}|{_PEM})", "a private key"),
)

SECRET_HEADERS: Final = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "api-key",  # Azure
        "x-api-key",  # Anthropic
        "x-goog-api-key",
        "x-auth-token",
        "openai-organization",
        "openai-project",
    }
)
"""Headers whose values are credentials, or ids that go with one, whatever they look like; in lower case."""

SECRET_PARAMETER: Final = re.compile(
    r"(?i)([?&](?:api[-_]?key|subscription[-_]key|key|(?:access[-_]?|auth[-_]?)?token|password|client[-_]secret|secret"
    r"|code|sig|signature)=)[^&\s]+"
)
"""A parameter of a URL whose value is a credential, whatever it looks like; its name is the first group."""

REGISTRY_PATHS: Final = frozenset({"/api/pull", "/api/push"})
"""Whose requests may hold a user's password for a registry; nothing else of the proxy has passwords."""

REGISTRY_PASSWORD: Final = re.compile(rb'(?i)("password"\s*:\s*")((?:[^"\\]|\\.)+)')
"""A password in such a request; the second group."""
