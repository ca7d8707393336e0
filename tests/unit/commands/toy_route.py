"""The routes of the tests' own command: one of one, one of many."""

from typing import Any

from fastapi import APIRouter, FastAPI, Response

from commands.answers import Answer
from commands.headers import IdempotencyKey, IfMatch, entity_tag, item_key, version_named
from infra.http.rejections import install_rejections, rejection
from tests.unit.commands.toy_domain import BellRung, RingBell
from tests.unit.commands.toy_handler import RingBellHandler


def toy_service(handler: RingBellHandler) -> FastAPI:
    router = APIRouter()

    @router.post("/bells/{tower}", status_code=201)
    def ring(
        tower: str,
        wanted: dict[str, int],
        response: Response,
        *,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> dict[str, Any]:
        command = RingBell(tower=tower, strokes=wanted["strokes"], actor="toy")
        answer = handler.handle(command, idempotency_key, version_named(if_match))
        response.status_code = 201 if answer.is_new else 200
        response.headers["ETag"] = entity_tag(str(answer.record.position))
        return _body(answer)

    @router.post("/bells")
    def ring_all(wanted: list[dict[str, Any]], idempotency_key: IdempotencyKey = None) -> list[dict[str, Any]]:
        commands = [RingBell(tower=one["tower"], strokes=one["strokes"], actor="toy") for one in wanted]
        requests = [handler.request(one, item_key(idempotency_key, place)) for place, one in enumerate(commands)]
        return [_item(one) for one in handler.write_side.perform_each(requests)]

    app = FastAPI()
    app.include_router(router)
    install_rejections(app)
    return app


def _body(answer: Answer[BellRung]) -> dict[str, Any]:
    return {"strokes": answer.record.event.strokes, "position": str(answer.record.position)}


def _item(answer: Answer[BellRung] | Exception) -> dict[str, Any]:
    if isinstance(answer, Answer):
        return {"status": 201 if answer.is_new else 200, **_body(answer)}
    refusal = rejection(answer)
    return {"status": refusal.status, "detail": refusal.detail, **refusal.more}
