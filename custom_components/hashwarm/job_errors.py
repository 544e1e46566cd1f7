"""What went wrong with a job, as Home Assistant shows it."""

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .engine.model.errors import HashwarmError, InvalidValueError, JobError


def as_home_assistant(error: HashwarmError) -> HomeAssistantError:
    """Return the error in Home Assistant's words: a person's own where it can be asked for differently."""
    kind = ServiceValidationError if isinstance(error, InvalidValueError | JobError) else HomeAssistantError
    return kind(translation_domain=DOMAIN, translation_key=error.key, translation_placeholders=error.placeholders)
