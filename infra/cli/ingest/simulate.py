"""`telltale simulate`: readings of simulated machines, their history at once and then live."""

from typing import Annotated

import typer
from rich.markup import escape

from domain.readings import microseconds
from infra.cli.ingest.simulate_run import Wish, run_simulation
from infra.cli.log_failures import log_failures_explained
from infra.cli.moments import parse_moment
from infra.cli.output import CommandFailed, JsonOption
from infra.exit_codes import ExitCode
from infra.sources.simulator.fault_orders import FORM, FaultNotUnderstood, parse_order, seconds_of
from infra.sources.simulator.transport_orders import FORM as TRANSPORT_FORM
from infra.sources.simulator.transport_orders import parse_transport_order

app = typer.Typer()


@app.command()
def simulate(
    *,
    history: Annotated[str, typer.Option(help="How much of the past to make at once, such as 2h; it ends now.")] = "0s",
    machines: Annotated[int, typer.Option(min=1, help="Twelve have forty sensors; more are of the same kinds.")] = 12,
    rate: Annotated[
        float | None, typer.Option(min=0.01, help="Readings a second of all sensors; else one of each sensor.")
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option(help=f"{escape(FORM)}; at counts from the beginning of live.")
    ] = None,
    transport_fault: Annotated[
        list[str] | None,
        typer.Option(help=f"{escape(TRANSPORT_FORM)}; KIND is duplicates, late, poison or unknown-channel."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed and --start give the same event ids.")] = 8,
    start: Annotated[
        str | None, typer.Option(help="When this fleet's time began; what the log has of it is not added again.")
    ] = None,
    live: Annotated[bool, typer.Option("--live/--no-live", help="Go on with readings as time passes.")] = True,
    history_faults: Annotated[
        bool, typer.Option("--history-faults/--healthy-history", help="Labelled faults in the history's second half.")
    ] = True,
    live_for: Annotated[str | None, typer.Option("--for", help="End live after this long, such as 10m.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Append readings of simulated pumps, fans, compressors and rooms, with labelled faults, until told to stop.

    Example: telltale simulate --history 2h --fault bearing@pump-07,at=30s,over=20s
    """
    try:
        wish = Wish(
            history_s=seconds_of(history),
            machines=machines,
            rate=rate,
            faults=tuple(parse_order(text) for text in fault or ()),
            transport=tuple(parse_transport_order(text) for text in transport_fault or ()),
            seed=seed,
            start_us=None if start is None else microseconds(parse_moment(start)),
            live=live,
            history_faults=history_faults,
            live_for_s=None if live_for is None else seconds_of(live_for),
        )
        with log_failures_explained():
            run_simulation(wish, json_output=json_output)
    except FaultNotUnderstood as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
