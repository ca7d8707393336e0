"""Serving an application until told to stop."""

import socket

import uvicorn
from fastapi import FastAPI


class AddressTaken(OSError):
    """The address can't be listened on."""


def serve(app: FastAPI, *, host: str, port: int) -> None:
    """Answer requests until SIGTERM or SIGINT; requests under way are finished first.

    Raises:
        AddressTaken: something else listens there.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
        timeout_keep_alive=65,
        server_header=False,
    )
    try:
        listener = socket.create_server((host, port), backlog=config.backlog)
    except OSError as error:
        raise AddressTaken(f"{host}:{port} can't be listened on: {error.strerror}") from error
    with listener:
        uvicorn.Server(config).run(sockets=[listener])
