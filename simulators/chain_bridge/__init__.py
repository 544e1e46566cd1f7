"""A bridge from a Bitcoin node's getblocktemplate to Stratum V1, for mining on a real chain in tests."""

from .bridge import BridgeCounts, ChainBridge
from .rpc import NodeRpc, RpcError

__all__ = ["BridgeCounts", "ChainBridge", "NodeRpc", "RpcError"]
