"""From getblocktemplate's answer to a template with a payout, and from a found header to a block."""

from dataclasses import dataclass
from typing import Any

from simulators.practice_pool.bitcoin import Template, coinbase_parts, merkle_branches, pushed, varint

TAG = pushed(b"hashwarm chain bridge")
WITNESS = b"\x01\x20" + bytes(32)
"""The coinbase's witness: one item, the reserved value of BIP 141."""
MARKER_AND_FLAG = b"\x00\x01"
LOCKTIME_BYTES = 4
VERSION_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class NodeTemplate:
    """What the node wants mined."""

    height: int
    version: int
    previous: bytes
    nbits: int
    ntime: int
    value_sat: int
    commitment: bytes | None
    """The script of the witness commitment, as the node works it out for its own transactions."""
    txids: tuple[bytes, ...]
    transactions: tuple[bytes, ...]
    longpoll_id: str

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> NodeTemplate:
        """Read getblocktemplate's answer; hashes are shown reversed there."""
        commitment = answer.get("default_witness_commitment")
        return cls(
            height=answer["height"],
            version=answer["version"],
            previous=bytes.fromhex(answer["previousblockhash"])[::-1],
            nbits=int(answer["bits"], 16),
            ntime=answer["curtime"],
            value_sat=answer["coinbasevalue"],
            commitment=bytes.fromhex(commitment) if commitment else None,
            txids=tuple(bytes.fromhex(transaction["txid"])[::-1] for transaction in answer["transactions"]),
            transactions=tuple(bytes.fromhex(transaction["data"]) for transaction in answer["transactions"]),
            longpoll_id=answer["longpollid"],
        )

    def to_work(self, extranonce_bytes: int, payout_script: bytes) -> Template:
        """Return the template with a coinbase that pays the script."""
        outputs = [(self.value_sat, payout_script)]
        if self.commitment is not None:
            outputs.append((0, self.commitment))
        coinbase1, coinbase2 = coinbase_parts(self.height, extranonce_bytes, outputs, TAG)
        return Template(
            height=self.height,
            version=self.version,
            previous=self.previous,
            nbits=self.nbits,
            ntime=self.ntime,
            coinbase1=coinbase1,
            coinbase2=coinbase2,
            branches=merkle_branches(list(self.txids)),
            transactions=self.transactions,
            segwit=self.commitment is not None,
        )


def assemble_block(header: bytes, coinbase: bytes, template: Template) -> bytes:
    """Return the whole block; with transactions that have witnesses the coinbase needs its own."""
    if template.segwit:
        body, locktime = coinbase[VERSION_BYTES:-LOCKTIME_BYTES], coinbase[-LOCKTIME_BYTES:]
        coinbase = coinbase[:VERSION_BYTES] + MARKER_AND_FLAG + body + WITNESS + locktime
    return header + varint(1 + len(template.transactions)) + coinbase + b"".join(template.transactions)
