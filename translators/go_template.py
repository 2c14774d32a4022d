"""The `template` of a generate request: Go's `text/template`, as far as a hosted model can honour it.

A hosted model has its own template round what it is asked. What a client's template says in plain words, with the
prompt and the system text in their places, can be asked of it; roles, tools and the control tokens of another model
cannot. A template that Go could not parse is refused in Go's words, as Ollama refuses it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from translators.errors import RequestError
from translators.go_quote import quoted

FIELDS: Final = frozenset({".System", ".Prompt", ".Suffix", ".Response"})
"""What can be put in its place; Ollama has more, which need a conversation."""

_CONTROL_TOKEN: Final = re.compile(
    r"<[|\uff5c]|[|\uff5c]>|\[/?INST\]|<</?SYS>>|<(start|end)_of_turn>|</?s>|\[/?gMASK\]"
)
"""What Llama, Qwen, DeepSeek (with full-width bars), Mistral, Gemma and GLM mark turns with."""

_FUNCTIONS: Final = frozenset(
    {"and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf"}
    | {"println", "slice", "urlquery", "nil", "true", "false", "break", "continue"}
    | {"json", "currentDate", "yesterdayDate", "toTypeScriptType"}  # Ollama's
)
"""Words that an action may begin with or hold."""

_OPENING: Final = frozenset({"if", "range", "with", "block", "define"})

_ACTION: Final = re.compile(
    r"\{\{(?P<left>-[ \t\r\n])?"
    r"(?P<body>/\*.*?\*/|(?:\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|'(?:\\.|[^'\\\n])*'|[^\"`'}]|\}(?!\}))*?)"
    r"(?P<right>[ \t\r\n]-)?\}\}",
    re.DOTALL,
)
_WORD: Final = re.compile(r"\"(?:\\.|[^\"\\])*\"|`[^`]*`|'(?:\\.|[^'\\])*'|[.$]?[\w.]+|\.|\S")
_BLANKS: Final = " \t\r\n"

_MOST_OPEN: Final = 100
"""Blocks in each other; no one writes more by hand."""


@dataclass(slots=True)
class Block:
    """A part of a template that is there on a condition, or the whole.

    Attributes:
        condition: A field; empty for the whole, and for what comes behind `else`.
        parts: Text, fields (in a tuple of one), and blocks.
        otherwise: What is there when the field is empty.
    """

    condition: str = ""
    parts: "list[str | tuple[str] | Block]" = field(default_factory=list)
    otherwise: "Block | None" = None


@dataclass(frozen=True, slots=True)
class Template:
    """A template that Go can parse.

    Attributes:
        whole: What it says; None where it says what only an engine can do.
        uses_system: Whether the system text has a place in it.
    """

    whole: Block | None
    uses_system: bool

    def render(self, values: Mapping[str, str]) -> str | None:
        """What it says with these values for `FIELDS`; None where a hosted model cannot honour it."""
        return None if self.whole is None else "".join(_rendered(self.whole, values))


def parse_template(text: str) -> Template:
    """Read a template.

    Raises:
        RequestError: 500 with Go's text: Go could not parse it either.
    """
    open_blocks = [Block()]
    plain = not _CONTROL_TOKEN.search(text)
    uses_system = False
    at = 0
    trim = False
    while (start := text.find("{{", at)) >= 0:
        action = _ACTION.match(text, start)
        if action is None:
            raise _refusal(text, start, "unclosed action")
        open_blocks[-1].parts.append(_trimmed(text[at:start], left=trim, right=bool(action["left"])))
        words = [] if action["body"].startswith("/*") else _WORD.findall(action["body"])
        if not (words or action["body"].startswith("/*")):
            raise _refusal(text, start, "missing value for command")
        _check_functions(words, text, start)
        uses_system = uses_system or ".System" in words
        if words:
            plain = _take(words, open_blocks, text, start) and plain
        at, trim = action.end(), bool(action["right"])
    open_blocks[-1].parts.append(_trimmed(text[at:], left=trim, right=False))
    if len(open_blocks) > 1:
        raise _refusal(text, len(text), "unexpected EOF")
    return Template(open_blocks[0] if plain else None, uses_system)


def _take(words: list[str], open_blocks: list[Block], text: str, start: int) -> bool:
    """Put one action where it belongs; whether it is one that a hosted model can honour."""
    keyword, *rest = words
    if keyword in ("end", "else") and len(open_blocks) == 1:
        raise _refusal(text, start, f"unexpected {{{{{keyword}}}}}")
    if keyword == "end":
        while open_blocks.pop() is not open_blocks[-1].parts[-1]:  # `else if` has opened more than one
            pass
        return True
    if keyword in _OPENING or keyword == "else":
        simple = keyword == "if" or (keyword == "else" and rest[:1] in ([], ["if"]))
        condition = rest[-1] if rest else ""
        block = Block(condition)
        if keyword == "else":
            open_blocks[-1].otherwise = block
        else:
            open_blocks[-1].parts.append(block)
        open_blocks.append(block)
        simple = simple and len(open_blocks) <= _MOST_OPEN
        return simple and len(rest) <= (2 if keyword == "else" else 1) and (not condition or condition in FIELDS)
    open_blocks[-1].parts.append((keyword,))
    return not rest and keyword in FIELDS


def _check_functions(words: list[str], text: str, start: int) -> None:
    for place, word in enumerate(words):
        is_name = word[0].isalpha() or word[0] == "_"
        is_keyword = word in _OPENING | {"end", "else", "template"} and (place == 0 or words[0] == "else")
        if is_name and not is_keyword and word not in _FUNCTIONS:
            raise _refusal(text, start, f"function {quoted(word)} not defined")


def _rendered(block: Block, values: Mapping[str, str]) -> Iterator[str]:
    for part in block.parts:
        match part:
            case str():
                yield part
            case (name,):
                yield values.get(name, "")
            case Block():
                chosen: Block | None = part
                while chosen is not None and chosen.condition and not values.get(chosen.condition):
                    chosen = chosen.otherwise
                yield from _rendered(chosen, values) if chosen is not None else ()


def _trimmed(text: str, *, left: bool, right: bool) -> str:
    text = text.lstrip(_BLANKS) if left else text
    return text.rstrip(_BLANKS) if right else text


def _refusal(text: str, at: int, problem: str) -> RequestError:
    return RequestError(f"template: :{text.count(chr(10), 0, at) + 1}: {problem}", status=500)
