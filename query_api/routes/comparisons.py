"""How two model versions differ on the same history: the newest comparison of the two in the log."""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from domain.comparison import ComparisonNumbers, budget_checks, within_budgets
from query_api.asking import AskAsOf
from query_api.bodies.comparisons import BudgetKept, ComparisonMade, ModelsDiff, Rejection
from query_api.errors import NotKnown, ParameterRefused
from query_api.store import Snapshot, columns

router = APIRouter(tags=["models"])

NEWEST: Final = """
    SELECT
        comparison_id,
        name || '/' || champion_version AS a,
        name || '/' || challenger_version AS b,
        profile,
        ranges,
        recorded_from,
        recorded_before,
        numbers,
        report,
        report_sha256,
        known_at AS compared_at,
        'model-events/0/' || "offset" AS position
    FROM comparisons
    WHERE name = %(name)s
        AND champion_version = %(a)s
        AND challenger_version = %(b)s
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY "offset" DESC
    LIMIT 1
"""

COMPARISONS: Final = """
    SELECT
        comparison_id,
        name || '/' || champion_version AS champion,
        name || '/' || challenger_version AS challenger,
        numbers,
        known_at AS compared_at,
        'model-events/0/' || "offset" AS position
    FROM comparisons
    WHERE name = %(name)s
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY "offset"
"""

REJECTIONS: Final = """
    SELECT
        name || '/' || version AS model,
        name || '/' || against_version AS against,
        comparison_id,
        checks,
        because,
        actor,
        known_at AS rejected_at,
        'model-events/0/' || "offset" AS position
    FROM rejections
    WHERE name = %(name)s
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY "offset"
"""

_A: Final = Query(description="Champion: pump/1, or 1.", max_length=80)
_B: Final = Query(description="Challenger: pump/2, or 2.", max_length=80)


@router.get("/models/{profile}/diff", response_model=ModelsDiff, summary="Two versions over the same history")
async def diff(ask: AskAsOf, profile: str, a: Annotated[str, _A], b: Annotated[str, _B]) -> Response:
    """Return the newest comparison of champion `a` with challenger `b`; 404 with the command that makes one."""
    name = profile.partition("@")[0]
    champion, challenger = _version(name, a), _version(name, b)

    async def question(snapshot: Snapshot) -> ModelsDiff:
        asked = {"name": name, "a": champion, "b": challenger, "as_of": ask.as_of}
        found = await snapshot.fetch(NEWEST, asked, columns)
        if not found:
            raise NotKnown(
                f"{name}/{champion} and {name}/{challenger} were not compared by then. This does it: "
                f"telltale models diff {name}/{champion} {name}/{challenger}"
            )
        (row,) = found
        checks = _checks(row["numbers"])
        return ModelsDiff(
            **row | {"report": json.loads(row["report"])},
            checks=checks,
            within_budgets=all(check.kept for check in checks),
        )

    return await ask.answer(("comparisons",), question)


async def comparisons_of(snapshot: Snapshot, asked: dict[str, Any]) -> list[ComparisonMade]:
    """Return the comparisons of a line; needs read model comparisons."""
    return [
        ComparisonMade(
            **row,
            readings=numbers["readings"],
            within_budgets=within_budgets(budget_checks(ComparisonNumbers(**numbers))),
        )
        for row in await snapshot.fetch(COMPARISONS, asked, columns)
        for numbers in (row.pop("numbers"),)
    ]


async def rejections_of(snapshot: Snapshot, asked: dict[str, Any]) -> list[Rejection]:
    """Return what the gate refused of a line; needs read model comparisons."""
    return await snapshot.fetch(REJECTIONS, asked, Rejection)


def _checks(numbers: dict[str, Any]) -> list[BudgetKept]:
    return [
        BudgetKept(budget=check.budget, measured=check.measured, limit=check.limit, kept=check.kept)
        for check in budget_checks(ComparisonNumbers(**numbers))
    ]


def _version(name: str, text: str) -> int:
    line, _, number = text.rpartition("/")
    if line not in {"", name} or not number.isdecimal():
        raise ParameterRefused(f"{text!r} is no version of {name}: write it like {name}/2, or 2")
    return int(number)
