"""Executors of AI jobs elsewhere, and readers of machines that run work of others."""

from .boinc import BoincClient
from .boinc_wire import BoincConnection, BoincStatus, BoincTask
from .ray import RayExecutor
from .ray_answers import ClusterResources
from .web import base_url

__all__ = [
    "BoincClient",
    "BoincConnection",
    "BoincStatus",
    "BoincTask",
    "ClusterResources",
    "RayExecutor",
    "base_url",
]
