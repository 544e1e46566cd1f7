"""Writes the configuration folder of the demo home."""

from datetime import UTC, datetime
import json
from pathlib import Path

# Only what a thermostat on a dashboard needs: no cloud, no discovery, no assistants.
BASIS = """\
homeassistant:
  name: Demo home
  latitude: 52.52
  longitude: 13.40
  unit_system: metric
  time_zone: Europe/Berlin
  currency: EUR
  country: DE
frontend:
config:
history:
logbook:
energy:
sun:
backup:
system_health:
logger:
  default: warning
  logs:
    custom_components.hashwarm: info
"""
BOX = """\
rest:
  - resource: http://127.0.0.1:{room_port}/state
    scan_interval: 2
    timeout: 5
    sensor:
      - name: Demo box temperature
        unique_id: demo_room
        device_class: temperature
        state_class: measurement
        unit_of_measurement: °C
        availability: "{{{{ value_json.room_c is not none }}}}"
        value_template: "{{{{ value_json.room_c }}}}"
      - name: Demo outdoor temperature
        unique_id: demo_outdoor
        device_class: temperature
        state_class: measurement
        unit_of_measurement: °C
        value_template: "{{{{ value_json.outdoor_c }}}}"
"""


# Beside the rooms of the miners: their plugs, and what can go wrong with them, to be tried from the dashboard.
MINERS = """\
  - resource: http://127.0.0.1:{port}/state
    scan_interval: 2
    timeout: 5
    sensor:
{sensors}
rest_command:
  miner_plug:
    url: http://127.0.0.1:{port}/{{{{ family }}}}/plug
    method: put
    content_type: application/json
    payload: '{{"on": {{{{ "true" if on else "false" }}}}}}'
  miner_fault:
    url: http://127.0.0.1:{port}/{{{{ family }}}}/fault
    method: put
    content_type: application/json
    payload: '{{"fault": "{{{{ fault }}}}"}}'
"""
MINER_ROOM = """\
      - name: Room of the {title}
        unique_id: demo_room_{family}
        device_class: temperature
        state_class: measurement
        unit_of_measurement: °C
        value_template: "{{{{ value_json.{family}.room_c }}}}"
"""


def write_config(
    folder: Path, integration: Path, *, room_port: int, port: int, miners: tuple[int, dict[str, str]] | None = None
) -> None:
    """Write or renew the configuration; what Home Assistant stored there stays.

    `miners` are the port of the emulated miners' town and the titles by family.
    """
    text = BASIS + BOX.format(room_port=room_port)
    if miners is not None:
        sensors = "".join(MINER_ROOM.format(family=family, title=title) for family, title in miners[1].items())
        text += MINERS.format(port=miners[0], sensors=sensors.rstrip("\n"))
    write_folder(folder, integration, text, port)


def write_folder(folder: Path, integration: Path, text: str, port: int) -> None:
    """Write or renew a configuration folder for a Home Assistant at a port of loopback."""
    (folder / ".storage").mkdir(parents=True, exist_ok=True)
    (folder / "configuration.yaml").write_text(text)
    _link(folder / "custom_components" / "hashwarm", integration)
    _store_onboarding(folder / ".storage" / "onboarding")
    _store_http(folder / ".storage" / "http", port)


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(exist_ok=True)
    if link.is_symlink():
        link.unlink()
    link.symlink_to(target, target_is_directory=True)


def _store_onboarding(path: Path) -> None:
    """Leave only the user to be made: the other steps would add integrations that want the internet."""
    if not path.exists():
        data = {"done": ["core_config", "analytics", "integration"]}
        path.write_text(json.dumps({"version": 4, "minor_version": 1, "key": "onboarding", "data": data}))


def _store_http(path: Path, port: int) -> None:
    """Store the loopback address as confirmed, or Home Assistant asks about it on every page."""
    stable = {
        "server_host": ["127.0.0.1"],
        "server_port": port,
        "cors_allowed_origins": ["https://cast.home-assistant.io"],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": True,
        "ssl_profile": "modern_v4",
        "use_x_frame_options": True,
        "created_at": datetime.now(UTC).isoformat(),
        "error": None,
        "error_message": None,
    }
    data = {"stable": stable, "pending": None, "yaml_migration_done": True}
    path.write_text(json.dumps({"version": 3, "minor_version": 1, "key": "http", "data": data}))
