"""How a networked miner is found, let in, and made a heater."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import SOURCE_DHCP, SOURCE_ZEROCONF, ConfigEntry, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.requirements import RequirementsNotFound

from .const import CONF_FAMILY, CONF_KIND, CONF_PLUG, CONF_PROFILE, KIND_NETWORKED_MINER
from .doubles import driven_by_entities, heater_with_mac
from .engine.miners import (
    ASIC_RS,
    BY_NAME,
    Family,
    FamilyInfo,
    Link,
    MinerAddress,
    MinerProfile,
    NoMinerError,
    find_family,
    identify,
    profile_as_dict,
)
from .engine.model.errors import (
    BackendError,
    DeviceAuthError,
    DeviceGarbageError,
    DeviceLockedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
    InvalidValueError,
)
from .flow_base import HeaterFlow, room_errors
from .flow_schemas import MINER, MINER_LOGIN, MINER_RECONFIGURE, MINER_ROOM
from .helpers import address_of, install_asic_rs, parse_host


class MinerSteps(HeaterFlow):
    """Steps from an address to a heater."""

    _address: MinerAddress
    _info: FamilyInfo
    _profile: MinerProfile
    _doubted: MinerAddress | None = None
    """Where something answered that is nothing like a miner; a person who insists knows better."""

    async def async_step_networked_miner(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where the miner is, and look what it is."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._take_address(user_input)):
            try:
                return await self._look()
            except DeviceUnsupportedError as error:
                if not isinstance(error, NoMinerError) or self._doubted == self._address:
                    return await self.async_step_long_tail()
                self._doubted, errors = self._address, {CONF_HOST: "cannot_identify"}
            except DeviceUnreachableError:
                errors = {CONF_HOST: "device_unreachable"}
            except DeviceLockedError:
                errors = {"base": "device_locked"}
            except BackendError:
                errors = {CONF_HOST: "device_garbage"}
        return self.async_show_form(
            step_id="networked_miner",
            data_schema=self.add_suggested_values_to_schema(MINER, user_input),
            errors=errors,
        )

    def _take_address(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        try:
            host, port = parse_host(user_input[CONF_HOST])
        except InvalidValueError:
            return {CONF_HOST: "miner_address"}
        self._address = MinerAddress(host=host, port=port, **_given(user_input))
        return {}

    @property
    def _link(self) -> Link:
        return Link(session=async_get_clientsession(self.hass))

    async def _look(self) -> ConfigFlowResult:
        """Find the family, then the miner; a log-in that is asked for is asked of the person. Errors: BackendError."""
        self._info = await find_family(self._link, self._address)
        self.context["title_placeholders"] = {"name": self._info.title}
        if not self._info.proves_password and not self._address.password:
            return await self.async_step_miner_login()
        try:
            return await self._meet()
        except DeviceAuthError:
            return await self.async_step_miner_login()

    async def _meet(self) -> ConfigFlowResult:
        """Have the miner say what it is, and see that no heater drives it yet. Errors: BackendError."""
        self._profile = await identify(self._link, self._address, self._info)
        # A person who types the address of a miner that was discovered meanwhile takes that miner in hand.
        discovered = self.source in {SOURCE_DHCP, SOURCE_ZEROCONF}
        await self.async_set_unique_id(self._profile.identity, raise_on_progress=discovered)
        self._abort_if_unique_id_configured(updates={CONF_HOST: self._address.host, CONF_PORT: self._address.port})
        if driven_by_entities(self.hass, self._address.host, self._profile.mac):
            return self.async_abort(reason="driven_by_entities")
        self.context["title_placeholders"] = {"name": self._profile.model}
        return await self.async_step_miner_room()

    async def async_step_miner_login(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the name and password that the miner wants."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._log_in_with(user_input)
            try:
                return await self._meet()
            except DeviceAuthError:
                errors = {CONF_PASSWORD: "invalid_auth"}
            except DeviceUnreachableError:
                errors = {"base": "device_unreachable"}
            except DeviceLockedError:
                errors = {"base": "device_locked"}
            except BackendError:
                errors = {"base": "device_garbage"}
        elif self._address.password is not None:
            # It was given with the address, and the miner did not take it.
            errors = {CONF_PASSWORD: "invalid_auth"}
        return self.async_show_form(
            step_id="miner_login",
            data_schema=self.add_suggested_values_to_schema(
                MINER_LOGIN, {CONF_USERNAME: self._address.username or self._info.username}
            ),
            errors=errors,
            description_placeholders={"miner": self._info.title},
        )

    def _log_in_with(self, user_input: Mapping[str, Any]) -> None:
        self._address = MinerAddress(host=self._address.host, port=self._address.port, **_given(user_input))

    async def async_step_long_tail(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer the asic-rs library for a miner that none of our own drivers knows; installed with consent only."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                await install_asic_rs(self.hass)
                self._info = ASIC_RS
                return await self._meet()
            except RequirementsNotFound:
                errors = {"base": "asic_rs_missing"}
            except DeviceAuthError:
                return await self.async_step_miner_login()
            except BackendError:
                errors = {"base": "device_unsupported"}
        return self.async_show_form(
            step_id="long_tail", errors=errors, description_placeholders={"host": self._address.host}
        )

    async def async_step_miner_room(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Pick the room that it heats, its meter and its plug."""
        errors: dict[str, str] = {}
        profile = self._profile
        if user_input is not None and not (errors := self._room_errors(user_input)):
            return await self._take_room(user_input)
        return self.async_show_form(
            step_id="miner_room",
            data_schema=self.add_suggested_values_to_schema(MINER_ROOM, user_input),
            errors=errors,
            description_placeholders={
                "miner": profile.model,
                "firmware": profile.firmware or "?",
                "floor": f"{profile.levels[0].power_w:.0f}",
                "maximum": f"{profile.levels[-1].power_w:.0f}",
            },
        )

    def _room_errors(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        if not self._profile.can_pause and CONF_PLUG not in user_input:
            return {CONF_PLUG: "plug_needed"}
        return room_errors(self.hass, user_input)

    async def _take_room(self, user_input: dict[str, Any]) -> ConfigFlowResult:
        data = {CONF_KIND: KIND_NETWORKED_MINER, CONF_FAMILY: self._info.family.value, **_connection(self._address)}
        return await self.finish(
            title=self._profile.model,
            data={**data, CONF_PROFILE: profile_as_dict(self._profile)},
            room=user_input,
        )

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Greet a miner that announces itself."""
        return await self._greet(MinerAddress(host=discovery_info.host, port=_other_than_80(discovery_info.port)))

    @override
    async def async_step_dhcp(self, discovery_info: DhcpServiceInfo) -> ConfigFlowResult:
        """Follow a known miner to its new address, or greet one whose name tells what it is."""
        address = format_mac(discovery_info.macaddress)
        known = heater_with_mac(self.hass, address)
        await self.async_set_unique_id(known.unique_id if known is not None else address)
        self._abort_if_unique_id_configured(updates={CONF_HOST: discovery_info.ip})
        if driven_by_entities(self.hass, discovery_info.ip, address):
            return self.async_abort(reason="driven_by_entities")
        return await self._greet(MinerAddress(host=discovery_info.ip))

    async def _greet(self, address: MinerAddress) -> ConfigFlowResult:
        self._address = address
        self._async_abort_entries_match({CONF_HOST: address.host})
        try:
            return await self._look()
        except BackendError:
            return self.async_abort(reason="not_a_miner")

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:  # noqa: ARG002 - Home Assistant's signature
        """Begin to ask for a log-in that the miner refuses no longer."""
        self._recall(self._get_reauth_entry())
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the new name and password, and try them."""
        entry, errors = self._get_reauth_entry(), dict[str, str]()
        if user_input is not None:
            self._log_in_with({CONF_PASSWORD: self._address.password, **_given(user_input)})
            if not (errors := await self._prove(entry)):
                return self.async_update_reload_and_abort(entry, data_updates=_connection(self._address))
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(
                MINER_LOGIN, {CONF_USERNAME: self._address.username or self._info.username}
            ),
            errors=errors,
            description_placeholders={"miner": entry.title},
        )

    async def async_step_reconfigure_miner(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change address, log-in and sensors; history stays, and a miner that is off may keep its old address."""
        entry = self._get_reconfigure_entry()
        self._recall(entry)
        errors: dict[str, str] = {}
        if user_input is not None:
            kept = self._address
            errors = room_errors(self.hass, user_input) or self._take_address(
                {**_login(kept), CONF_HOST: user_input[CONF_HOST], **_given(user_input)}
            )
            if not errors and (self._address != kept):
                errors = await self._prove(entry)
            if not errors:
                room = {key: value for key, value in user_input.items() if key not in CONNECTION}
                data = {key: entry.data[key] for key in (CONF_KIND, CONF_FAMILY, CONF_PROFILE)}
                return self.async_update_reload_and_abort(entry, data={**data, **_connection(self._address), **room})
        shown = user_input or {**entry.data, CONF_HOST: _shown_host(self._address)}
        return self.async_show_form(
            step_id="reconfigure_miner",
            data_schema=self.add_suggested_values_to_schema(
                MINER_RECONFIGURE, {key: value for key, value in shown.items() if key != CONF_PASSWORD}
            ),
            errors=errors,
            description_placeholders={"miner": entry.title},
        )

    def _recall(self, entry: ConfigEntry) -> None:
        """Take up what is known of a miner that was set up before."""
        family = Family(entry.data[CONF_FAMILY])
        self._info = ASIC_RS if family is Family.ASIC_RS else BY_NAME[family]
        self._address = address_of(entry.data)

    async def _prove(self, entry: ConfigEntry) -> dict[str, str]:
        """See that the same miner answers under the new address and lets us in; returns what is wrong."""
        try:
            profile = await identify(self._link, self._address, self._info)
        except DeviceAuthError:
            return {CONF_PASSWORD: "invalid_auth"}
        except DeviceLockedError:
            return {"base": "device_locked"}
        except DeviceGarbageError:
            return {"base": "device_garbage"}
        except BackendError:
            return {"base": "device_unreachable"}
        if profile.identity != entry.unique_id:
            return {"base": "other_device"}
        return {}


CONNECTION = (CONF_HOST, CONF_PORT, CONF_USERNAME, CONF_PASSWORD)


def _connection(address: MinerAddress) -> dict[str, Any]:
    return {CONF_HOST: address.host, CONF_PORT: address.port, **_login(address)}


def _given(user_input: Mapping[str, Any]) -> dict[str, str]:
    """Return the name and the password that a form gives; a field left empty gives none."""
    return {key: user_input[key] for key in (CONF_USERNAME, CONF_PASSWORD) if user_input.get(key)}


def _login(address: MinerAddress) -> dict[str, Any]:
    return {CONF_USERNAME: address.username, CONF_PASSWORD: address.password}


def _shown_host(address: MinerAddress) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return host if address.port is None else f"{host}:{address.port}"


def _other_than_80(port: int | None) -> int | None:
    return None if port in {None, 80} else port
