"""The pages of the science: metrics, recovery measures, methods and cleaners, from their tables."""

from __future__ import annotations

import dataclasses
import inspect
import re

from pages_words import NOTE, beside, body_of, linked, notes_of, said, table


def metrics() -> str:
    """Each metric with formula, definition, rules of refusal, source and limits."""
    import hrv

    words = beside()["metrics"]
    rows = [(f"[`{m.name}`](#{m.name})", m.unit, _length(m.min_s), m.summary) for m in hrv.METRICS]
    parts = [
        NOTE + "# Metrics\n",
        f"All {len(hrv.METRICS)} metrics take normal-to-normal intervals only. A window shorter "
        "than the metric's least length is refused (`--force` computes it and says so), as is one "
        "that beats cover by less than 80 % or of which more than 10 % were corrected.\n",
        table(("metric", "unit", "least length", "what"), rows),
    ]
    family = None
    for m in hrv.METRICS:
        parts.append(f"({m.name})=\n## `{m.name}`\n\n{m.summary[:1].upper()}{m.summary[1:]}.\n")
        parts.append(f"$$\n{words[m.name]['tex']}\n$$\n")
        facts = [f"Unit: {m.unit}", f"at least {_length(m.min_s)} and {m.min_beats} "]
        facts[1] += "joined pairs" if m.pairs else "intervals"
        parts.append(". ".join(facts).replace(". at", "; at") + ".\n")
        if m.family is not family:
            parts.append(notes_of(m.family) + "\n")
            family = m.family
        parts.append(f"**Limits.** {words[m.name]['limit']}\n\n**Source.** {linked(m.source)}.\n")
    return "\n".join(parts)


def _length(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 120 else f"{seconds:g} s"


def measures() -> str:
    """Each recovery measure with formula, definition, source and limits."""
    from hrv.recovery import MEASURES, settings

    words = beside()["measures"]
    known = inspect.getdoc(settings.RecoverySettings) or ""
    defaults = [
        (f"`{f.name}`", f.default, said(known, f.name))
        for f in dataclasses.fields(settings.RecoverySettings)
    ]
    parts = [
        NOTE + "# Stress recovery\n",
        "Heart rate is `60000 / mean NN` of 10 s windows every 5 s; ln RMSSD of 60 s windows "
        "every 10 s. $y_B$ is the median of the baseline's windows and $s_B$ 1.4826 times their "
        "median absolute deviation. *Gated* measures need a response (heart rate up by 3 bpm or "
        "2 $s_B$); *censored* ones say 'at least' where the recording ends first.\n",
        "## What every measure shares\n\n" + table(("setting", "default", "what"), defaults),
    ]
    for m in MEASURES:
        marks = [w for w, on in (("gated", m.gated), ("censored", m.censors)) if on]
        unit = f" ({m.unit})" if m.unit else ""
        parts.append(
            f"({m.name})=\n## `{m.name}`: {m.label}{unit}\n\n"
            f"{linked(inspect.getdoc(m.compute) or '')}\n".replace("Notes\n-----\n", "")
        )
        parts.append(f"$$\n{words[m.name]['tex']}\n$$\n")
        parts.append(
            (f"*{', '.join(marks)}*. " if marks else "")
            + f"**Limits.** {words[m.name]['limit']}\n\n**Source.** {linked(m.source)}.\n"
        )
    return "\n".join(parts)


def methods() -> str:
    """Each method of comparison with its model, source and limits."""
    import hrv

    words = beside()["methods"]
    parts = [
        NOTE + "# Comparing before with after\n",
        "One question, several ways to answer it; [the calibration](../calibration.md) counts how "
        "often each is wrong on studies whose truth is known. A t test of windows or days is not "
        "offered: it finds an effect in a quarter to a half of studies without one.\n",
    ]
    for m in hrv.METHODS:
        module = inspect.getdoc(inspect.getmodule(m.run)) or ""
        text = body_of(re.sub(r"^Method `\w+`: ", "", module))
        parts.append(
            f"(method-{m.name})=\n## `{m.name}`\n\n{m.summary[:1].upper()}{m.summary[1:]}."
        )
        parts.append(f"\n$$\n{words[m.name]['tex']}\n$$\n\n{text[:1].upper()}{text[1:]}\n")
        parts.append(f"**Limits.** {words[m.name]['limit']}\n\n**Source.** {linked(m.source)}.\n")
    return "\n".join(parts)


def cleaners() -> str:
    """Each cleaner with its rule, source and limits."""
    import hrv

    words = beside()["cleaners"]
    parts = [
        NOTE + "# Artefacts\n",
        "A cleaner flags intervals and removes none from the recording: raw values stay. "
        "[Cleaners](../cleaners.md) has what each finds on known truth.\n",
    ]
    for c in hrv.CLEANERS:
        module = inspect.getdoc(inspect.getmodule(c.apply)) or ""
        text = notes_of(c.apply) or body_of("\n\n".join(module.split("\n\n")[1:]))
        source = f"\n\n**Source.** {linked(c.source)}." if c.source else ""
        parts.append(
            f"(cleaner-{c.name})=\n## `{c.name}`\n\n{c.summary[:1].upper()}{c.summary[1:]}."
        )
        parts.append(f"\n{text}\n\n**Limits.** {words[c.name]['limit']}{source}\n")
    return "\n".join(parts)
