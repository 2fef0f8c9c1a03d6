"""What signals do to a position."""

from __future__ import annotations

from pathlib import Path

from tests.trading.desk.harness import run, trading


def test_in_and_out(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path) as here:
            assert (await here.alert(signal="IN", price=2000)).outcome == "accepted"
            assert here.position() == 1
            assert (await here.alert(signal="OUT", price=2010)).outcome == "accepted"
            assert here.position() == 0
            (trade,) = here.trades()
            assert trade.profit == 10
            here.check_books()

    run(scenario())
