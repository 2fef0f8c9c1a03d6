"""What a worker process does: desks by lease, notifications, backups and retention, messages that nobody claims."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pinery.adapters.notify.channels import build
from pinery.adapters.notify.dispatcher import Dispatcher
from pinery.app.up.brokers import Surroundings as BrokerSurroundings
from pinery.app.up.brokers import make_broker
from pinery.app.up.charting.markets import Markets
from pinery.app.up.directory import ConfiguredDirectory
from pinery.app.up.maintenance import Maintenance
from pinery.app.up.unclaimed import Unclaimed
from pinery.app.up.worker import Worker
from pinery.market.symbols import lookup
from pinery.trading.desk.desk import Pace

if TYPE_CHECKING:
    from pinery.app.up.component import Surroundings


async def work(around: Surroundings) -> None:
    """Until the process is asked to stop."""
    configuration = around.configuration
    directory = ConfiguredDirectory(configuration)
    around.changed.append(directory.use)
    channels = configuration.channels
    around.changed.append(lambda new: around.restart() if new.channels != channels else None)
    markets = Markets(
        around.store,
        around.clock,
        configuration.folder,
        lambda symbol: lookup(symbol, around.configuration.symbol_table),
        lambda name: around.configuration.secrets.value(name),
    )
    brokers = BrokerSurroundings(around.store, around.clock, configuration.folder, directory, markets.get)
    worker = Worker(
        around.store,
        around.owner,
        directory,
        lambda account, guard, may_send: make_broker(account, brokers, guard, may_send),
        around.clock,
        around.recorder.observe,
        around.log,
        lambda: Pace(settle_us=around.configuration.up.settle_ms * 1000),
    )
    dispatcher = Dispatcher(
        around.store,
        {name: build(name, channel.type, configuration.channel_options(channel)) for name, channel in channels.items()},
        around.clock,
        around.owner,
        observe=around.recorder.observe,
    )
    parts = (
        worker,
        dispatcher,
        Maintenance(around),
        Unclaimed(around.watcher.fresh, around.store, around.clock, around.log),
    )
    try:
        await asyncio.gather(*(part.run(around.stopping) for part in parts))
    finally:
        await markets.close()
