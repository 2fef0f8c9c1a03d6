"""Commands that operate a running Pinery: lists, control, configuration, backups. A file per group."""

from collections.abc import Callable
from functools import partial

import typer

from pinery.app.operate import (
    alert_command,
    backup_command,
    charts_command,
    config_command,
    doctor_command,
    halt_commands,
    init_command,
    list_commands,
    people_commands,
    signal_command,
    stage_commands,
    status_command,
    up_command,
)
from pinery.app.operate.previewing import preview

#: What adds commands, in the order of the help.
OPERATE: tuple[Callable[[typer.Typer], None], ...] = (
    init_command.register,
    up_command.register,
    status_command.register,
    doctor_command.register,
    list_commands.register,
    charts_command.register,
    signal_command.register,
    halt_commands.register,
    stage_commands.register,
    partial(alert_command.register, preview=preview),
    config_command.register,
    people_commands.register,
    backup_command.register,
)
