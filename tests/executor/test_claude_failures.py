"""What is wrong with a login, a quota or the model's API is told plainly, with when it is over."""

import time
from datetime import UTC, datetime

import pytest
from support.claude_records import of, offer
from support.model_endpoint import Block, model_endpoint, refuse, text
from support.scripted_backend import ScriptedBackend

from executor.shells.claude_failures import limited, moment
from wegent.protocol.output_events import Notice

SDKS = ("claude_agent_sdk", "claude_code_sdk")
BILLING = "Your credit balance is too low to access the Anthropic API."
SCOPE = "OAuth token does not meet scope requirement"


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (refuse(401, "invalid x-api-key", "authentication_error"), "`claude` and log in anew"),
        (refuse(403, SCOPE, "permission_error"), "`claude` and log in anew"),
        (refuse(400, BILLING, "invalid_request_error"), "no credit left"),
        (refuse(429, "too many", "rate_limit_error", retry_after="1"), "no more requests of this device now"),
        (refuse(529, "Overloaded", "overloaded_error"), "Retry in a few minutes"),
        (refuse(404, "model: nope", "not_found_error"), "options.model"),
    ],
)
@pytest.mark.parametrize("sdk", SDKS)
async def test_a_refusal_of_the_models_api_says_what_happened_and_what_to_do(
    backend: ScriptedBackend, start_claude, refusal: Block, words: str, sdk: str
) -> None:
    async with model_endpoint(*[[refusal]] * 20) as endpoint:
        start_claude(endpoint, sdk=sdk, CLAUDE_CODE_MAX_RETRIES="1")
        end = await (await offer(backend, "one")).ended(60)
    assert end.error is not None
    assert (end.error.code, words in end.error.message) == ("shell_failed", True), end.error.message


async def test_without_a_login_it_says_how_to_log_in(backend: ScriptedBackend, start_claude) -> None:
    async with model_endpoint() as endpoint:
        start_claude(endpoint, ANTHROPIC_API_KEY="")
        end = await (await offer(backend, "one")).ended(60)
    assert end.error is not None
    assert "not logged in on this device. There, run `claude`" in end.error.message
    assert not endpoint.requests


async def test_a_wait_for_a_rate_limit_tells_when_it_is_over(backend: ScriptedBackend, start_claude) -> None:
    busy = [refuse(429, "too many", "rate_limit_error", retry_after="2")]
    async with model_endpoint(busy, [text("There.")]) as endpoint:
        start_claude(endpoint)
        began = time.time()
        record = await offer(backend, "one")
        assert (await record.ended(60)).status == "completed"
    (notice,) = of(record, Notice)
    assert "HTTP 429" in notice.text
    assert notice.until is not None
    assert datetime.fromisoformat(notice.until).timestamp() >= int(began) + 1


@pytest.mark.parametrize("sdk", SDKS)
async def test_a_plans_limit_that_is_reached_is_told_with_its_reset(
    backend: ScriptedBackend, start_claude, sdk: str
) -> None:
    reset = int(time.time()) + 7200
    reached = refuse(
        429,
        "This request would exceed your account's rate limit.",
        "rate_limit_error",
        anthropic_ratelimit_unified_status="rejected",
        anthropic_ratelimit_unified_reset=str(reset),
        anthropic_ratelimit_unified_representative_claim="five_hour",
    )
    login = {"ANTHROPIC_API_KEY": "", "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-test"}
    async with model_endpoint(*[[reached]] * 20) as endpoint:
        start_claude(endpoint, sdk=sdk, **login)
        record = await offer(backend, "one")
        end = await record.ended(60)
    at = datetime.fromtimestamp(reset, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    notice = next(notice for notice in of(record, Notice) if notice.until == at)
    assert notice.text == "The 5-hour limit of this device's Claude plan is reached."
    assert end.error is not None
    assert f"It resets at {at}" in end.error.message


def test_a_limit_is_told_when_it_is_near_and_not_while_all_is_well() -> None:
    near = {"status": "allowed_warning", "utilization": 0.91, "rateLimitType": "seven_day", "resetsAt": 0}
    assert limited(near) == Notice(
        "info", "91% of the weekly limit of this device's Claude plan is used.", moment(0)
    )
    assert limited({"status": "allowed"}) is None
    assert moment(0) == "1970-01-01T00:00:00Z"
