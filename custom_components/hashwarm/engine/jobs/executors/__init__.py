"""Executors of AI jobs elsewhere, and readers of machines that run work of others."""

from .boinc import BoincClient
from .boinc_wire import BoincConnection, BoincStatus, BoincTask
from .folding import FoldingClient, FoldingState
from .folding_tree import FoldingUnit
from .inference import ComfyUiStatus, LlamaCppStatus, OllamaStatus, VllmStatus
from .ray import RayExecutor
from .ray_answers import ClusterResources
from .vast import VastMachine
from .web import base_url

__all__ = [
    "BoincClient",
    "BoincConnection",
    "BoincStatus",
    "BoincTask",
    "ClusterResources",
    "ComfyUiStatus",
    "FoldingClient",
    "FoldingState",
    "FoldingUnit",
    "LlamaCppStatus",
    "OllamaStatus",
    "RayExecutor",
    "VastMachine",
    "VllmStatus",
    "base_url",
]
