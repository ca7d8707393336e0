"""A container over fakes, for a command that runs in the test's own process."""

from dependency_injector import providers

from infra.wiring.container import Container


def wired(**fakes: object) -> Container:
    """Return a container whose providers of these names give the fakes."""
    container = Container()
    for name, fake in fakes.items():
        getattr(container, name).override(providers.Object(fake))
    return container
