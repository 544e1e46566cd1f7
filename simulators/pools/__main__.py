"""`python -m simulators.pools --port 8126`: a practice account that earns a little every minute."""

import argparse
import asyncio
from datetime import UTC, datetime
import signal

from .account import ADDRESS, PracticeAccount
from .server import POOLS, PracticePools

MINUTE_S = 60.0


async def _earn(account: PracticeAccount, sat: int, payout_sat: int) -> None:
    """Credit the account each minute, and pay out when enough has come together."""
    while True:
        now = datetime.now(UTC)
        account.credit(now, sat)
        account.last_share_at = now
        if account.unpaid_sat >= payout_sat:
            account.pay_out(now, account.unpaid_sat)
        await asyncio.sleep(MINUTE_S)


async def serve(port: int, address: str, sat_per_minute: int, payout_sat: int) -> None:
    """Serve until asked to stop."""
    account = PracticeAccount(address=address)
    server = PracticePools(account, now=lambda: datetime.now(UTC))
    await server.start(port=port)
    for pool in POOLS:
        print(f"{pool} on {server.url(pool)}", flush=True)
    print(f"pools ready on 127.0.0.1:{server.port}", flush=True)
    earning = asyncio.create_task(_earn(account, sat_per_minute, payout_sat))
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    earning.cancel()
    await server.stop()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--address", default=ADDRESS)
    parser.add_argument("--sat-per-minute", type=int, default=3)
    parser.add_argument("--payout-sat", type=int, default=100)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.address, arguments.sat_per_minute, arguments.payout_sat))


if __name__ == "__main__":
    main()
