"""A comparison of two models as people read it: the gate first, then where the two differ."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from rich.markup import escape

from domain.comparison import BudgetCheck, within_budgets
from infra.cli.output import print_table, say, times
from infra.settings import SettingMissing, load_settings

if TYPE_CHECKING:
    from ml.comparison.compare import Comparison

SHOWN: Final = 15
"""Rows of a table; --json has all of them."""

_AFTER: Final = timedelta(minutes=1)
"""What the Sensor page shows behind a flip, so that it does not stand at the edge."""


def show_comparison(compared: "Comparison", checks: Sequence[BudgetCheck]) -> None:
    """Print the comparison."""
    event = compared.event
    numbers, report = event.numbers, json.loads(event.report)
    said = "written down" if compared.recorded.appended else "was there already"
    say(
        f"[bold]{event.champion}[/] × [bold]{event.challenger}[/] on {numbers.readings:,} readings of "
        f"{event.challenger.profile}, {numbers.machine_days:.3g} machine-days; {said}: {compared.recorded.position}"
    )
    learned = report["trained_on"]
    for name, model in (("champion", event.champion), ("challenger", event.challenger)):
        if learned[name]:
            say(f"  {model} had learned from {learned[name]:,} of them, and looks better there than it is")
    _gate(checks)
    _decisions(report)
    _incidents(compared)
    _faults(report)
    _flips(report)
    if within_budgets(checks):
        say(f'[green]inside the budgets[/]: telltale models promote {event.challenger} --because "…"')
    else:
        broken = ", ".join(check.budget for check in checks if not check.kept)
        say(f"[red]outside the budgets[/] ({broken}): it would be refused as champion")


def _gate(checks: Iterable[BudgetCheck]) -> None:
    print_table(
        ("gate", "measured", "limit", ""),
        (
            (check.budget, f"{check.measured:.4g}", f"{check.limit:.4g}", "kept" if check.kept else "BROKEN")
            for check in checks
        ),
    )


def _decisions(report: Mapping[str, Any]) -> None:
    headings = ("readings", "agree", "gained", "lost")
    everything = ("all", report["decisions"])
    labels = sorted(report["labels"].items())
    machines = [(name, one) for name, one in report["machines"]["named"].items() if one["gained"] or one["lost"]]
    groups = [
        ("decisions", [everything, ("healthy", report["healthy"])]),
        ("label", labels),
        ("machine", sorted(machines, key=lambda pair: (-pair[1]["gained"] - pair[1]["lost"], pair[0]))[:SHOWN]),
    ]
    for title, group in groups:
        if group:
            rows = ((name, *(f"{one[heading]:,}" for heading in headings)) for name, one in group)
            print_table((title, *headings), rows)
    print_table(
        ("kind", "champion", "challenger", "gained", "lost"),
        (
            (kind, *(f"{counts[name]:,}" for name in ("champion", "challenger", "gained", "lost")))
            for kind, counts in sorted(report["kinds"].items())
        ),
    )
    if quantiles := report["score_shift"]["quantiles"]:
        told = "  ".join(f"{float(share):.0%} {value:+.2f}" for share, value in quantiles.items())
        say(f"score shift, ln(challenger / champion) at its quantiles: {told}")


def _incidents(compared: "Comparison") -> None:
    numbers = compared.event.numbers
    days = max(numbers.machine_days, 1e-9)
    report = json.loads(compared.event.report)
    truth = report["truth"] or {"champion": {}, "challenger": {}}
    rows = []
    for model, name, incidents, unexplained, found in (
        (
            compared.event.champion,
            "champion",
            numbers.champion_incidents,
            numbers.champion_unexplained_incidents,
            numbers.champion_found,
        ),
        (
            compared.event.challenger,
            "challenger",
            numbers.challenger_incidents,
            numbers.challenger_unexplained_incidents,
            numbers.challenger_found,
        ),
    ):
        precision, recall = (_share(truth[name].get(measure)) for measure in ("precision", "recall"))
        faults = f"{found} of {numbers.labelled_faults}"
        rows.append((model, incidents, unexplained, f"{unexplained / days:.3g}", faults, precision, recall))
    print_table(
        ("model", "incidents", "unexplained", "a machine-day", "faults found", "precision", "recall"),
        rows,
    )


def _faults(report: Mapping[str, Any]) -> None:
    faults = report["faults"]["named"]
    if faults:
        print_table(
            ("labelled fault", "machine", "began", "champion", "challenger"),
            (
                (
                    fault["label"],
                    fault["machine_id"],
                    datetime.fromisoformat(fault["began_at"]),
                    _seen(fault, "champion"),
                    _seen(fault, "challenger"),
                )
                for fault in faults[:SHOWN]
            ),
        )
    left = report["faults"]["others"] + max(0, len(faults) - SHOWN)
    if left:
        say(f"  and {left:,} more")


def _flips(report: Mapping[str, Any]) -> None:
    for direction in ("gained", "lost"):
        flips = report["flips"][direction][:5]
        if not flips:
            continue
        say(f"worst {direction}:")
        for flip in flips:
            scores = " → ".join(_score(flip[f"{name}_score"]) for name in ("champion", "challenger"))
            say(
                f"  {flip['position']}  {escape(flip['machine_id'])} · {escape(flip['sensor_id'])}  {flip['kind']}  "
                f"{scores}  {flip['label']}{_link(flip)}"
            )


def _link(flip: Mapping[str, Any]) -> str:
    try:
        address = load_settings().dashboard_url
    except SettingMissing:
        return ""
    until = datetime.fromisoformat(flip["recorded_at"]) + _AFTER
    wanted = {
        "machine": flip["machine_id"],
        "sensor": flip["sensor_id"],
        "until": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return escape(f"  {address.rstrip('/')}/sensor?{urlencode(wanted)}")


def _seen(fault: Mapping[str, Any], model: str) -> str:
    if not fault[f"{model}_found"]:
        return "MISSED"
    return f"{fault[f'{model}_delay_s']:,.0f} s"


def _score(score: float | None) -> str:
    return "–" if score is None else times(score)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
