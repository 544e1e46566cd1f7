"""What an order for an AI job must not say, whoever gives it: times that cannot be kept, money of another kind."""

from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util.dt import utcnow

from .const import DOMAIN
from .engine.jobs import Payout
from .template_text import has_control
from .templates import JobTemplate


def check_order(data: dict[str, Any], currency: str) -> None:
    """Refuse a name, times or a currency that cannot be; `currency` is the home's. Errors: ServiceValidationError."""
    if has_control(data.get("name", "")):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="name_control")
    deadline, not_before = data.get("deadline"), data.get("not_before")
    if deadline is not None and deadline <= utcnow():
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="deadline_past")
    if deadline is not None and not_before is not None and not_before >= deadline:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="deadline_before_start")
    _check_currency(data.get("currency", currency), currency)


async def check_payout(call: ServiceCall, template: JobTemplate, payout: Payout | None, currency: str) -> None:
    """Refuse what a job of a template may not earn: only administrators say more. Errors: ServiceValidationError.

    What no person asked for, as an automation, was written by somebody who may.
    """
    if payout is None:
        _check_currency(template.payout_currency or currency, currency)
    elif payout != template.payout and not await _is_administrator(call.hass, call.context.user_id):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="payout_not_allowed",
            translation_placeholders={"template": template.title},
        )


def _check_currency(told: str, currency: str) -> None:
    if told.upper() != currency.upper():
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="payout_currency",
            translation_placeholders={"told": told, "currency": currency},
        )


async def _is_administrator(hass: HomeAssistant, user_id: str | None) -> bool:
    if user_id is None:
        return True
    user = await hass.auth.async_get_user(user_id)
    return user is not None and user.is_admin
