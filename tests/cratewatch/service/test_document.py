"""The OpenAPI document against what the service does, by requests that a machine makes up."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import Case
from schemathesis.specs.openapi import checks as openapi_checks

from cratewatch.service.app import create_app
from cratewatch.settings import load_settings
from tests.cratewatch.service.conftest import LIMITS
from tests.cratewatch.service.listening import listening

EXAMPLES = 6
STREAMS = "/v1/runs/events"
CHECKS = [
    schemathesis.checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
    openapi_checks.unsupported_method,
]


@pytest.mark.heavy
def test_made_up_requests_are_answered_as_the_document_says(shop: Path) -> None:
    app = create_app(load_settings(home=shop), limits=LIMITS)
    with listening(app) as url:
        schema = schemathesis.openapi.from_url(f"{url}/v1/openapi.json")
        tried = 0
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path == STREAMS:
                continue

            @hypothesis.settings(
                max_examples=EXAMPLES,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @hypothesis.given(case=operation.as_strategy())
            def ask(case: Case) -> None:
                case.call_and_validate(checks=CHECKS, timeout=60)

            ask()
            tried += 1
    assert tried > 10
