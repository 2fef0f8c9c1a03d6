"""What a worker process does: desks by lease, notifications, backups and retention."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pinery.adapters.notify.channels import build
from pinery.adapters.notify.dispatcher import Dispatcher
from pinery.app.up.brokers import Surroundings as BrokerSurroundings
from pinery.app.up.brokers import make_broker
from pinery.app.up.directory import ConfiguredDirectory
from pinery.app.up.maintenance import Maintenance
from pinery.app.up.worker import Worker
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
    brokers = BrokerSurroundings(around.store, around.clock, configuration.folder, directory.contract)
    worker = Worker(
        around.store,
        around.owner,
        directory,
        lambda account, guard: make_broker(account, brokers, guard),
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
    maintenance = Maintenance(around)
    await asyncio.gather(worker.run(around.stopping), dispatcher.run(around.stopping), maintenance.run(around.stopping))
