"""Why a request gets no answer. Each carries the HTTP status that says so; the message says what to do next."""

from http import HTTPStatus
from typing import ClassVar


class RequestRefused(Exception):
    """Root of these; the message is for the person who asked."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    retry_after_s: ClassVar[int | None] = None


class NotKnown(RequestRefused):
    """No such thing."""

    status = HTTPStatus.NOT_FOUND


class Ambiguous(RequestRefused):
    """The name means several things."""

    status = HTTPStatus.CONFLICT


class ParameterRefused(RequestRefused):
    """A parameter can't be understood or honoured."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class Forgotten(RequestRefused):
    """The moment asked for lies before what a read model keeps."""

    status = HTTPStatus.GONE


class StoreNotReachable(RequestRefused):
    """The database behind the API does not answer."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after_s = 2


class ReadModelNotServed(RequestRefused):
    """A read model that the answer needs has not been built yet."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after_s = 2


class VerifierAway(RequestRefused):
    """A verdict can't be judged again now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after_s = 5


class ModelsAway(RequestRefused):
    """What a model was trained on can't be read now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after_s = 5


class NotThereYet(RequestRefused):
    """The read model has not passed the position asked for."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after_s = 1
