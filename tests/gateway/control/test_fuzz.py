"""The API by its own description, with whatever schemathesis thinks of: ``PINERY_FUZZ=20``, of twenty times as much."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.gateway.control.conftest import Running, running
from tests.gateway.control.working import working

_STORES = ["sqlite", "postgresql"]


@pytest.fixture(scope="module", params=_STORES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("fuzz")
    with working(folder) as services, running(request.param, folder, services=services) as made:
        yield made


@pytest.mark.slow
def test_nothing_makes_the_server_fail(filled: Running) -> None:
    schema = schemathesis.openapi.from_dict(filled.app.openapi())
    schema.config.base_url = filled.url
    headers = {"Authorization": f"Bearer {filled.tokens['admin']}"}
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    asked = 0
    for found in schema.exclude(path=["/api/v1/events/stream", "/api/v1/login"]).get_all_operations():
        operation = found.ok()

        @hypothesis.given(case=operation.as_strategy())
        @hypothesis.settings(
            max_examples=6 * int(os.environ.get("PINERY_FUZZ", "1")),
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        def ask(case: schemathesis.Case) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(headers=headers, checks=checks, timeout=60)

        ask()
    assert asked > 100
