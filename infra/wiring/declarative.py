"""dependency_injector's declarative containers, imported without the web frameworks that its wiring looks for.

Nothing here is wired by decorators, so the wiring's look at FastAPI and Werkzeug finds nothing of use; it took a third
of a second of every command. It must never hide them from anybody else.
"""

import sys
from types import ModuleType
from typing import Final

_LOOKED_FOR: Final = ("fastapi", "werkzeug")

_absent: dict[str, ModuleType | None] = {name: None for name in _LOOKED_FOR if name not in sys.modules}
sys.modules.update(_absent)  # type: ignore[arg-type] # None: an import of it finds nothing
try:
    from dependency_injector import containers
finally:
    for _name in _absent:
        del sys.modules[_name]

__all__ = ["containers"]
