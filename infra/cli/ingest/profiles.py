"""`telltale profiles`: the kinds of machine that are known, and new ones."""

from pathlib import Path
from typing import Annotated

import typer

from commands.define_profile import DefineProfile, Definition
from domain.profiles import Channel, ProfileDefined, newest_profile
from infra.cli.composition import composed
from infra.cli.log_failures import log_failures_explained
from infra.cli.output import CommandFailed, JsonOption, print_json, print_table, say
from infra.exit_codes import ExitCode
from infra.sources.csv.profile_files import (
    CHANNEL_FORM,
    Description,
    ProfileNotUnderstood,
    channel_of,
    read_description,
)
from infra.sources.files.plan import WIDEST

app = typer.Typer(no_args_is_help=True, help="List, show and define kinds of machine.")


@app.command("list")
def list_profiles(*, json_output: JsonOption = False) -> None:
    """List every version of every profile.

    Example: telltale profiles list
    """
    with log_failures_explained():
        known = composed().profile_log().known()
    if json_output:
        print_json(known)
        return
    print_table(
        ("profile", "channels", "interval"),
        [
            (profile.ref, ", ".join(profile.channel_names), f"{profile.expected_interval_s:g} s")
            for profile in sorted(known, key=lambda one: (one.name, one.version))
        ],
    )


@app.command()
def show(
    profile: Annotated[str, typer.Argument(help="pump for its newest version, or pump@1.")],
    *,
    json_output: JsonOption = False,
) -> None:
    """Show a profile's channels.

    Example: telltale profiles show pump@1
    """
    with log_failures_explained():
        known = composed().profile_log().known()
    found = newest_profile(known, profile)
    if found is None:
        names = ", ".join(sorted({one.ref for one in known})) or "none"
        raise CommandFailed(f"no profile {profile!r}; there are: {names}", then="telltale profiles define")
    if json_output:
        print_json(found)
        return
    say(f"[bold]{found.ref}[/]  a reading every {found.expected_interval_s:g} s")
    print_channels(found)


@app.command()
def define(
    described: Annotated[
        str, typer.Argument(metavar="FILE|NAME", help="A .toml or .json file, or the profile's name.")
    ],
    channel: Annotated[list[str] | None, typer.Option(help=f"{CHANNEL_FORM}; once per channel, in order.")] = None,
    interval: Annotated[float, typer.Option(help="Seconds between two readings of one sensor.")] = 1.0,
    *,
    json_output: JsonOption = False,
) -> None:
    """Define a profile; a description that differs from its newest version becomes the next version.

    Example: telltale profiles define pump --channel speed:%:condition:0:120 --channel vibration:mm/s
    """
    try:
        description = _description(described, channel or [], interval)
    except (ProfileNotUnderstood, OSError) as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
    with log_failures_explained():
        definition = (
            composed()
            .define_profile()
            .handle(
                DefineProfile(
                    name=description.name,
                    channels=description.channels,
                    expected_interval_s=description.expected_interval_s,
                )
            )
        )
    _show_definition(definition, json_output=json_output)


def print_channels(profile: ProfileDefined) -> None:
    """Print a table of a profile's channels."""
    print_table(
        ("channel", "unit", "role", "plausible"),
        [(channel.name, channel.unit, str(channel.role), plausible(channel)) for channel in profile.channels],
    )


def plausible(channel: Channel) -> str:
    """Return a channel's bounds as people read them."""
    if (channel.minimum, channel.maximum) == (-WIDEST, WIDEST):
        return "anything"
    return f"{channel.minimum:g} to {channel.maximum:g}"


def _description(described: str, channels: list[str], interval_s: float) -> Description:
    if Path(described).suffix in {".toml", ".json"}:
        if channels:
            raise ProfileNotUnderstood("a file names the channels itself; leave --channel out")
        return read_description(Path(described))
    if not channels:
        raise ProfileNotUnderstood(f"profile {described!r} needs a .toml or .json file, or --channel {CHANNEL_FORM}")
    return Description(described, tuple(channel_of(text) for text in channels), interval_s)


def _show_definition(definition: Definition, *, json_output: bool) -> None:
    position = None if definition.position is None else str(definition.position)
    if json_output:
        print_json({"profile": definition.profile, "position": position})
        return
    profile = definition.profile
    if position is None:
        say(f"[bold]{profile.ref}[/] says exactly this already; nothing was added")
    else:
        say(f"[bold]{profile.ref}[/] defined; it stands at {position}")
    print_channels(profile)
