"""What the refusals of an upstream teach about one of its models, and how a request is shaped by that.

A refusal says one thing at a time: that a parameter is not taken, that another API has to be asked, that reasoning is
wanted back. Each is a lesson, applied to the request that taught it and to those that follow.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Self

from translators.errors import UpstreamError
from translators.loose_json import read_json
from translators.notes import Note
from translators.openai_errors import names_missing_model
from translators.openai_forward import repaired_body
from translators.openai_refusals import (
    dialect_demanded,
    refuses_reasoning_back,
    wants_reasoning_back,
    wants_signatures_back,
)
from translators.openai_repairs import repair_for
from translators.profiles import ALL_FORMATS, DEFAULT, REASONER, Dialect, Profile
from translators.repairs import Repair, edits_of, repaired

MOST_LESSONS: Final = 8
"""How many refusals of one request are learned from: OpenAI tells one fault at a time."""

MOST_REPAIRS: Final = 32
"""How many repairs are kept for a model and API: of more the newest."""

API_NAMES: Final[Mapping[Dialect, str]] = {
    "chat": "Chat Completions",
    "responses": "the Responses API",
    "completions": "legacy Completions",
}
_FORMATS: Final = ("response_format", "text.format")
_MISSING: Final = frozenset({404, 405, 501})
"""Statuses of a server that does not offer an API at all."""

TEACHING: Final = frozenset({400, 403, 404, 405, 413, 422, 501})
"""Statuses of refusals that are about the request."""

_NO_SUCH_PATH: Final = re.compile(
    r"(?:unexpected|unknown) (?:endpoint|url|path|route)\b.*/responses\b|no such route", re.IGNORECASE | re.DOTALL
)
"""LM Studio, with status 200, and gateways."""

_AN_API: Final = re.compile(r"\bv1/(?:responses|completions|chat/completions)")

_OF_REASONERS: Final = Repair("max_tokens", "rename", "max_completion_tokens")
"""What every reasoning model of OpenAI's, and no other, teaches."""

_ACTIONS: Final[Mapping[str, Literal["renamed", "converted", "dropped"]]] = {"rename": "renamed", "drop": "dropped"}


@dataclass(frozen=True, slots=True)
class Lessons:
    """All that is learned about one model.

    Attributes:
        dialect: The API by which it has to be asked; None when nothing was said.
        repairs: By API, in the order in which they were learned.
        formats: Which of `ALL_FORMATS` are not refused.
        reasoning_back: Whether reasoning is wanted back; None when nothing was said.
        signatures_back: Whether the signatures of tool calls are wanted back.
        reasoner: Whether it refused what OpenAI's reasoning models refuse, and so is taken for one of these.
        formats_once: Which of `ALL_FORMATS` are refused for the request that is being answered alone.
    """

    dialect: Dialect | None = None
    repairs: Mapping[Dialect, tuple[Repair, ...]] = field(default_factory=dict)
    formats: frozenset[str] = ALL_FORMATS
    reasoning_back: bool | None = None
    signatures_back: bool = False
    reasoner: bool = False
    formats_once: frozenset[str] = frozenset()

    def __or__(self, newer: Self) -> Self:
        """These lessons and newer ones, which count where the two differ."""
        known = {dialect: (*self.repairs.get(dialect, ()), *newer.repairs.get(dialect, ())) for dialect in API_NAMES}
        return replace(
            newer,
            dialect=newer.dialect or self.dialect,
            repairs={name: tuple(dict.fromkeys(all_))[-MOST_REPAIRS:] for name, all_ in known.items() if all_},
            formats=self.formats & newer.formats,
            reasoner=self.reasoner or newer.reasoner,
            signatures_back=self.signatures_back or newer.signatures_back,
            reasoning_back=self.reasoning_back if newer.reasoning_back is None else newer.reasoning_back,
        )

    def lasting(self) -> Self:
        """What is true of other requests too."""
        repairs = {
            name: kept for name, all_ in self.repairs.items() if (kept := tuple(each for each in all_ if not each.once))
        }
        return replace(self, repairs=repairs, formats_once=frozenset())

    def shape(self, profile: Profile) -> Profile:
        """What the model accepts, as far as is learned."""
        if self.reasoner and profile == DEFAULT:
            profile = REASONER
        if self == NOTHING:
            return profile
        field_back: Literal["", "reasoning_content"] = profile.reasoning_back
        if self.reasoning_back is not None:
            field_back = "reasoning_content" if self.reasoning_back else ""
        return replace(
            profile,
            formats=(profile.formats & self.formats) - self.formats_once,
            reasoning_back=field_back,
            signatures_back=profile.signatures_back or self.signatures_back,
        )

    def apply(
        self, body: dict[str, Any], dialect: Dialect, *, may_move: bool = False
    ) -> tuple[dict[str, Any], list[Note]]:
        """The body of a request with its repairs, and a note for each that changed something.

        Args:
            body: It stays as it is.
            dialect: The API that it is for.
            may_move: Whether another API may be asked instead: then tools are no reason not to reason.
        """
        notes: list[Note] = []
        for repair in self.repairs.get(dialect, ()):
            if not (may_move and repair.beside == "tools") and edits_of(repair, body):
                body = repaired(body, [repair])
                notes.append(_note(repair))
        return body, notes

    def apply_to_text(self, body: bytes, dialect: Dialect) -> tuple[bytes, list[Note]]:
        """The same for a body that is sent as its client wrote it; one that is no JSON object stays as it is."""
        if dialect not in self.repairs:
            return body, []
        try:
            request = read_json(body)
        except ValueError:
            return body, []
        _, notes = self.apply(request, dialect) if isinstance(request, dict) else ({}, [])
        return (repaired_body(body, self.repairs[dialect]) if notes else body), notes

    def learn_repair(self, error: UpstreamError, body: bytes, dialect: Dialect) -> tuple[Self, str] | None:
        """Learn from the refusal of such a body; only what is less than another API, format or conversation."""
        try:
            request = read_json(body)
        except ValueError:
            return None
        teaches = isinstance(request, dict) and error.status in TEACHING
        repair = repair_for(error, request) if teaches else None
        if repair is None or repair.field.startswith(_FORMATS):
            return None
        return self._repair(repair, dialect)

    def learn(
        self, error: UpstreamError, body: Mapping[str, Any], dialect: Dialect, others: Set[Dialect]
    ) -> tuple[Self, str] | None:
        """Learn from a refusal.

        Args:
            error: The refusal.
            body: Of the request, as it was sent.
            dialect: The API that refused it.
            others: The APIs that may be asked instead.

        Returns:
            What is known now, and what is new in a few words; None when the client has to be told of the refusal.
        """
        quotes = _names_an_api(body)
        if "chat" in others and dialect == "responses" and is_missing(error) and not quotes:
            return replace(self, dialect="chat"), f"asked by {API_NAMES['chat']}"
        if error.status not in TEACHING:
            return None
        demanded = None if quotes else dialect_demanded(error)
        if demanded is not None and demanded in others:
            reasoner = self.reasoner or demanded == "responses"  # models that are served there alone
            return replace(self, dialect=demanded, reasoner=reasoner), f"asked by {API_NAMES[demanded]}"
        if wants_reasoning_back(error) and not self.reasoning_back:
            return replace(self, reasoning_back=True), "its reasoning is sent back"
        if wants_signatures_back(error) and not self.signatures_back:
            return replace(self, signatures_back=True), "the signatures of its tool calls are sent back"
        if refuses_reasoning_back(error) and self.reasoning_back is not False:
            return replace(self, reasoning_back=False), "its reasoning is not sent back"
        if repair := repair_for(error, body):
            return self._repair(repair, dialect)
        return None

    def _repair(self, repair: Repair, dialect: Dialect) -> tuple[Self, str] | None:
        if repair.field.startswith(_FORMATS):  # translated anew: another kind needs another sentence in the messages
            kinds = _formats_refused(repair)
            if not (kinds & self.formats) - self.formats_once:
                return None
            news = f"no format {' or '.join(sorted(kinds))}"
            if repair.once:
                return replace(self, formats_once=self.formats_once | kinds), news
            return replace(self, formats=self.formats - kinds), news
        # A server that wants the name back that another one refused: the newer one is right.
        known = [old for old in self.repairs.get(dialect, ()) if (old.action, old.value) != ("rename", repair.field)]
        known = known[1 - MOST_REPAIRS :]
        repairs = {**self.repairs, dialect: (*known, repair)}
        if repair != _OF_REASONERS or self.reasoner:
            return replace(self, repairs=repairs), str(repair)
        return replace(self, repairs=repairs, reasoner=True), f"{repair}, so it is one that reasons"


NOTHING: Final = Lessons()


def _note(repair: Repair) -> Note:
    became = {
        "drop": "",
        "rename": f"{repair.value}: ",
        "set": f"{repair.value!r}: ",
        "at_most": f"at most {repair.value}: ",
        "at_least": f"at least {repair.value}: ",
    }[repair.action]
    return Note(repair.field, _ACTIONS.get(repair.action, "converted"), f"{became}the upstream refused it")


def is_missing(error: UpstreamError) -> bool:
    """Whether a server does not offer the API that was asked."""
    if names_missing_model(error) or dialect_demanded(error) is not None:
        return False
    return error.status in _MISSING or bool(_NO_SUCH_PATH.search(error.message))


def _names_an_api(body: Mapping[str, Any]) -> bool:
    """Whether the conversation is about these APIs, so that a refusal may quote it (content filters do)."""
    return bool(_AN_API.search(str([body.get(key) for key in ("messages", "input", "prompt")])))


def _formats_refused(repair: Repair) -> frozenset[str]:
    """Which of `ALL_FORMATS` a repair of the format is about."""
    if repair.field.endswith(".strict"):
        return frozenset({"strict"})
    return frozenset({str(repair.refused)}) if repair.action == "set" else ALL_FORMATS
