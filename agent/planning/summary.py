"""A plan in one sentence."""

from __future__ import annotations

from jobs.plan import AssetPlan

NAMED = 6


def plan_sentence(plan: AssetPlan) -> str:
    """ "32 subjects: cactus, camel skull, ... and 26 more.", with style and size when they were asked for."""
    look = ", ".join(
        text
        for text in (
            plan.style,
            *(f"style pack {pack}" for pack in plan.style_packs),
            f"{plan.size} px" if plan.size else None,
        )
        if text
    )
    look = f" in {look}" if look else ""
    first = plan.items[0]
    if len(plan.items) == 1:
        count = f"{first.variants} variants of " if first.variants > 1 else ""
        sentence = f"{count}{first.subject}{look}."
    else:
        names = ", ".join(item.subject for item in plan.items[:NAMED])
        more = f" and {len(plan.items) - NAMED} more" if len(plan.items) > NAMED else ""
        variants = f", {first.variants} variants each" if first.variants > 1 else ""
        sentence = f"{len(plan.items)} subjects{look}{variants}: {names}{more}."
    return " ".join([sentence[0].upper() + sentence[1:], *plan.notes])
