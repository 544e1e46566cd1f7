"""Opens a ledger in a fresh process and prints how many ms that took."""

import asyncio
from pathlib import Path
import sys

from benchmarks.money_years import opened


async def main() -> None:
    """Open and say."""
    years, took_ms = await opened(Path(sys.argv[1]))
    await years.store.stop()
    print(took_ms)


if __name__ == "__main__":
    asyncio.run(main())
