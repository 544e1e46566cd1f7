"""A disk that is really full, by the limit on file sizes of a child process."""

import asyncio
from pathlib import Path
import sys

ROOT = Path(__file__).parents[3]
CHILD = """
import asyncio, resource, sys
from datetime import UTC, datetime
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.engine import conftest
from custom_components.hashwarm.engine.model.errors import StoreUnavailableError
from custom_components.hashwarm.engine.store import Schema, Store

async def main():
    schema = Schema("notes", (("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)",),))
    store = Store(Path(sys.argv[2]), schemas=(schema,), now=lambda: datetime.now(UTC))
    await store.start()
    put = lambda size: store.write(lambda c: c.execute("INSERT INTO note (text) VALUES (?)", ("x" * size,)).lastrowid)
    await put(10)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
    for _ in range(2):
        try:
            await put(500_000)
        except StoreUnavailableError:
            print("unavailable")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await put(500_000)
    print(await store.read(lambda c: c.execute("SELECT COUNT(*) FROM note").fetchone()[0]), store.salvaged)
    await store.stop()

asyncio.run(main())
"""


async def test_a_full_disk_is_told_each_time_and_recovers_without_damage(tmp_path):
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(ROOT), str(tmp_path / "ledger.db"), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(child.communicate(), 60)
    assert said.decode().split("\n") == ["unavailable", "unavailable", "2 None", ""]
