import threading

from infra.demo.patience import Patience


def test_a_silence_is_broken_with_what_is_under_way() -> None:
    told: list[str] = []
    spoken = threading.Event()

    def tell(text: str) -> None:
        told.append(text)
        spoken.set()

    patience = Patience(tell, silent_for_s=0.05)
    patience.doing("models are trained")
    with patience.kept():
        assert spoken.wait(10)
    assert told[0].startswith("… models are trained, for ")


def test_nothing_is_said_while_nobody_waits() -> None:
    told: list[str] = []
    patience = Patience(told.append, silent_for_s=0.01)
    patience.doing("")
    with patience.kept():
        assert not threading.Event().wait(0.1)
    assert told == []
