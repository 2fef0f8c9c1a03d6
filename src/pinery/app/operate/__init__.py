"""Commands that operate a running Pinery: lists, control, configuration, backups. A file per group."""
