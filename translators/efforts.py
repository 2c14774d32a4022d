"""Ollama's `think` as a reasoning effort: the nearest one that the model has."""

from translators.notes import Note
from translators.ollama_fields import Think
from translators.profiles import Profile, nearest_effort


def reasoning_effort(think: Think | None, profile: Profile, *, has_tools: bool) -> tuple[str | None, list[Note]]:
    """Turn Ollama's `think` into the `reasoning_effort` to send.

    Args:
        think: True, False, a level (`low`, `medium`, `high`, `max`) or None when absent.
        profile: Of the model that is asked.
        has_tools: Whether function tools go along: some families refuse these together with reasoning.

    Returns:
        The effort, or None when none is sent, and what a person should know.
    """
    effort, notes = wanted_effort(think, profile)
    if has_tools and profile.refuses_tools_at(effort):
        reason = f"reasoning_effort none: {profile.name} takes function tools on Chat Completions only so"
        return "none", [Note("think", "defaulted" if think is None else "converted", reason)]
    return effort, notes


def wanted_effort(think: Think | None, profile: Profile) -> tuple[str | None, list[Note]]:
    """The effort that `think` means, whatever goes along; the arguments and the result are those of the other."""
    if think is None:
        return None, []
    if profile.efforts is None:
        return _effort_of_unknown(think)
    if not profile.efforts:
        refused = Note("think", "dropped", f"{profile.name} cannot reason")
        return None, [] if think is False else [refused]
    if think is True and profile.default_effort != "none":
        return None, []
    wanted = "medium" if think is True else "none" if think is False else think
    effort = nearest_effort(wanted, profile.efforts)
    if effort == wanted:
        return effort, [Note("think", "renamed", "reasoning_effort")]
    return effort, [Note("think", "converted", f"reasoning_effort {effort}: {profile.name} has no {wanted}")]


def _effort_of_unknown(think: Think) -> tuple[str | None, list[Note]]:
    if think is True:
        return None, []
    if think is False:
        return None, [Note("think", "dropped", "whether this model has an effort none is not known")]
    if think == "max":
        return "high", [Note("think", "converted", "reasoning_effort high: most servers have no max")]
    return think, [Note("think", "renamed", "reasoning_effort")]
