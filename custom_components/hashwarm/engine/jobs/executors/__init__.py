"""Executors of AI jobs elsewhere, and readers of machines that run work of others."""

from .ray import RayExecutor
from .ray_answers import ClusterResources
from .web import base_url

__all__ = ["ClusterResources", "RayExecutor", "base_url"]
