"""Commands that operate a running Pinery: lists, control, configuration, backups. A file per group."""

from pinery.app.operate import (
    alert_command,
    backup_command,
    config_command,
    halt_commands,
    init_command,
    list_commands,
    people_commands,
    signal_command,
    status_command,
    up_command,
)

#: In the order of the help.
OPERATE = (
    init_command,
    up_command,
    status_command,
    list_commands,
    signal_command,
    halt_commands,
    alert_command,
    config_command,
    people_commands,
    backup_command,
)
