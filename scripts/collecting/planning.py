"""What a run is to ask: by the account's list of models, by what the folder has, and by what it may cost."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from addon.providers import provider_of
from scripts.collecting import NothingAskedError
from scripts.collecting.asking import exchange
from scripts.collecting.catalogue import TAGS, asks_of
from scripts.collecting.kinds import Ask
from scripts.collecting.models import Model, models_of, representatives
from scripts.collecting.prices import Estimate, estimate, rank_of
from scripts.collecting.shelf import recorded, take_over
from scripts.proxy_process import proxy_arguments, running_proxy


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do.

    Attributes:
        base_url: Of the provider.
        folder: For which recordings are made.
        everything: The whole catalogue for all models of the account, by digest.
        missing: What is to be asked, in this order.
        there: How many of the wanted recordings there are already.
    """

    base_url: str
    folder: Path
    everything: dict[str, Ask]
    missing: list[Ask]
    there: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person wants.

    Attributes:
        models: Patterns of ids of models.
        all_models: Whether all of them are asked, not one of each family.
        kinds: Patterns of names of the catalogue.
    """

    models: Sequence[str]
    all_models: bool
    kinds: Sequence[str]


def plan_of(choice: Choice, base_url: str, folder: Path) -> Plan:
    """What is to be done, by the account's list of models and what the folder has.

    Args:
        choice: What is wanted.
        base_url: Of the provider.
        folder: For which recordings are made. What a run that was killed has left is put there.

    Raises:
        NothingAskedError: No list of models, no model or no request of that name.
        ProxyFailedError: The proxy does not start.
        ValueError: A file in the folder is no recording.
    """
    with running_proxy(proxy_arguments(base_url, "off")) as proxy:
        models = account_models(proxy.port, base_url)
    everything = {ask.digest: ask for ask in asks_of(models)}
    take_over(folder, everything, base_url)
    asks = wanted_asks(choose(models, choice, base_url), choice)
    there = recorded(folder)
    missing = [ask for ask in asks if ask.digest not in there]
    return Plan(base_url, folder, everything, missing, len(asks) - len(missing))


def wanted_asks(models: Sequence[Model], choice: Choice) -> list[Ask]:
    """The requests to these models.

    Raises:
        NothingAskedError: None has such a name.
    """
    asks = [ask for ask in asks_of(models) if _fits(ask.kind.name, choice.kinds)]
    if not asks:
        raise NothingAskedError(
            f"no request is called like {' '.join(choice.kinds)!r} and suits the models: see --list"
        )
    return asks


def _fits(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def account_models(port: int, base_url: str) -> list[Model]:
    """All models that a proxy lists.

    Raises:
        NothingAskedError: It cannot list them.
    """
    fault, body = exchange(port, Ask(TAGS))
    if fault:
        raise NothingAskedError(f"the models of {base_url} cannot be listed: {fault}")
    return models_of(json.loads(body))


def choose(models: Sequence[Model], choice: Choice, base_url: str) -> list[Model]:
    """The models to ask.

    Raises:
        NothingAskedError: None has such an id.
    """
    fitting = [model for model in models if _fits(model.id, choice.models)]
    provider = provider_of(base_url)
    chosen = fitting if choice.all_models else representatives(fitting, lambda model: rank_of(model, provider))
    if not chosen:
        there = ", ".join(model.id for model in models) or "none"
        raise NothingAskedError(
            f"no model of {base_url} is called like {' '.join(choice.models)!r} and asked without --all-models; "
            f"there are: {there}"
        )
    return chosen


def plan_text(plan: Plan) -> str:
    """The plan and the most that it costs, for a person."""
    cost = estimate(plan.missing, provider_of(plan.base_url))
    models = {ask.model.id for ask in plan.missing if ask.model}
    lines = [
        f"Requests: {len(plan.missing)} at {plan.base_url}; recorded already: {plan.there}; models: {len(models)}.",
        f"At most about {cost.read:,} tokens are read and {cost.written:,} written: {_price_text(cost)}.",
    ]
    if any(ask.model and "thinking" in ask.model.capabilities for ask in plan.missing):
        lines.append("Most of what is written is room for reasoning, of which models use little.")
    return "\n".join(lines)


def _price_text(cost: Estimate) -> str:
    known = f"about ${cost.dollars:,.2f}"
    if not cost.unpriced:
        return known
    unknown = f"the price is unknown of {', '.join(cost.unpriced)}"
    return f"{known}, and {unknown}" if cost.dollars else unknown


def check_cost(plan: Plan, most: float | None) -> None:
    """Stop a run that may cost more than a person wants.

    Raises:
        NothingAskedError: It may, or that cannot be known.
    """
    if most is None:
        return
    cost = estimate(plan.missing, provider_of(plan.base_url))
    if cost.unpriced:
        raise NothingAskedError(
            f"--max-cost {most:g} cannot be kept, because the prices of some models are unknown: leave these "
            "models out with --models, or --max-cost"
        )
    if cost.dollars > most:
        raise NothingAskedError(f"it may cost more than --max-cost {most:g}: choose less by --models or --only")
