"""Every form can be sent to the browser."""

import json

from homeassistant.helpers import config_validation as cv
import probatio
import pytest
import voluptuous as vol

from custom_components.hashwarm import comfort_schema, executor_schema, flow_schemas, home_schema, template_schema

_MODULES = (flow_schemas, comfort_schema, home_schema, executor_schema, template_schema)
_ALL = {name: told for module in _MODULES for name, told in {**vars(module), **getattr(module, "SECTIONS", {})}.items()}
SCHEMAS = {name: schema for name, schema in _ALL.items() if isinstance(schema, vol.Schema)}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_form_reaches_the_browser(name: str):
    fields = probatio.to_field_list(SCHEMAS[name], custom_serializer=cv.custom_serializer)
    assert json.dumps(fields)
    assert {field["name"] for field in fields} == {str(field) for field in SCHEMAS[name].schema}
