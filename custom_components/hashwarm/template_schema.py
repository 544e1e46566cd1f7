"""The form of a job template."""

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_NAME, UnitOfInformation, UnitOfPower, UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
)
import voluptuous as vol

from .ai_const import (
    CONF_ATTEMPTS,
    CONF_CHECKPOINT_INTERVAL,
    CONF_CHECKPOINTING,
    CONF_COMMAND,
    CONF_CPUS,
    CONF_ENVIRONMENT,
    CONF_EXECUTOR,
    CONF_EXPECTED_POWER,
    CONF_FLEXIBILITY,
    CONF_GPUS,
    CONF_GRACE,
    CONF_MAXIMUM_RUNTIME,
    CONF_MEMORY,
    CONF_OPTION_VALUES,
    CONF_PARAMETERS,
    CONF_PAYOUT,
    CONF_PAYOUT_PER,
    CONF_PRIORITY,
    CONF_RESTARTABLE,
    SECTION_DUTY,
    SECTION_NEEDS,
    ParameterType,
)
from .engine.jobs import Checkpointing, Flexibility, PayoutPer
from .flow_schemas import number

_PLAIN = TextSelector(TextSelectorConfig(autocomplete="off"))
_LINES = TextSelector(TextSelectorConfig(multiline=True))
_FIGURE = NumberSelector(NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any"))


def _choice(options: list[str], key: str) -> SelectSelector:
    return SelectSelector(SelectSelectorConfig(options=options, translation_key=key))


_PARAMETERS = ObjectSelector(
    ObjectSelectorConfig(
        multiple=True,
        label_field="name",
        description_field="type",
        translation_key=CONF_PARAMETERS,
        fields={
            "name": ObjectSelectorField(selector=_PLAIN, required=True),
            "type": ObjectSelectorField(
                selector=_choice([kind.value for kind in ParameterType], "parameter_type"), required=True
            ),
            "default": ObjectSelectorField(selector=_PLAIN),
            "minimum": ObjectSelectorField(selector=_FIGURE),
            "maximum": ObjectSelectorField(selector=_FIGURE),
            "choices": ObjectSelectorField(selector=TextSelector(TextSelectorConfig(multiple=True))),
        },
    )
)

_DUTY = vol.Schema(
    {
        vol.Required(CONF_PRIORITY, default=50): number(0, 100, 1),
        vol.Required(CONF_FLEXIBILITY, default=Flexibility.MEDIUM.value): _choice(
            [tier.value for tier in Flexibility], CONF_FLEXIBILITY
        ),
        vol.Required(CONF_CHECKPOINTING, default=Checkpointing.SIGNAL.value): _choice(
            [way.value for way in Checkpointing], CONF_CHECKPOINTING
        ),
        vol.Optional(CONF_CHECKPOINT_INTERVAL): number(0.1, 10_000, "any", str(UnitOfTime.MINUTES)),
        vol.Required(CONF_GRACE, default=30): number(0, 600, 1, str(UnitOfTime.SECONDS)),
        vol.Optional(CONF_MAXIMUM_RUNTIME): number(0.01, 8760, "any", str(UnitOfTime.HOURS)),
        vol.Required(CONF_RESTARTABLE, default=True): BooleanSelector(),
        vol.Required(CONF_ATTEMPTS, default=5): number(1, 100, 1),
    }
)
_NEEDS = vol.Schema(
    {
        vol.Optional(CONF_EXPECTED_POWER): number(0, 20_000, 1, str(UnitOfPower.WATT)),
        vol.Optional(CONF_PAYOUT): number(0, 1_000_000, "any"),
        vol.Required(CONF_PAYOUT_PER, default=PayoutPer.JOB.value): _choice(
            [per.value for per in PayoutPer], CONF_PAYOUT_PER
        ),
        vol.Required(CONF_CPUS, default=1): number(0, 4096, "any"),
        vol.Required(CONF_GPUS, default=0): number(0, 4096, "any"),
        vol.Optional(CONF_MEMORY): number(1, 10_000_000, 1, str(UnitOfInformation.MEGABYTES)),
    }
)


SECTIONS = {SECTION_DUTY: _DUTY, SECTION_NEEDS: _NEEDS}

TEMPLATE = vol.Schema(
    {
        vol.Required(CONF_NAME): _PLAIN,
        vol.Required(CONF_EXECUTOR): SelectSelector(SelectSelectorConfig(options=[])),
        vol.Required(CONF_COMMAND): _LINES,
        vol.Optional(CONF_PARAMETERS): _PARAMETERS,
        vol.Required(CONF_OPTION_VALUES, default=False): BooleanSelector(),
        vol.Optional(CONF_ENVIRONMENT): _LINES,
        **{vol.Optional(name, default=dict): section(schema, {"collapsed": True}) for name, schema in SECTIONS.items()},
    }
)


def with_executors(schema: vol.Schema, executors: list[ConfigSubentry]) -> vol.Schema:
    """Return the form with the executors that there are to choose from."""
    options = [SelectOptionDict(value=found.subentry_id, label=found.title) for found in executors]
    choice = SelectSelector(SelectSelectorConfig(options=options))
    return vol.Schema({field: choice if field == CONF_EXECUTOR else known for field, known in schema.schema.items()})
