"""What a simulated venue keeps on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinery.core.errors import DataError
from pinery.simulators.common.book import VenueBook


def test_a_file_is_one_venues_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "venue.sqlite"
    first = VenueBook(path)
    first.put("order", "1", {"status": "NEW"})
    first.commit()
    with pytest.raises(DataError, match="another simulator has it") as refused:
        VenueBook(path)
    assert "choose another file" in refused.value.hint
    first.close()
    again = VenueBook(path)
    assert dict(again.records("order")) == {"1": {"status": "NEW"}}
    again.close()
