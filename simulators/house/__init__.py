"""An open living room that a miner heats: it has a past, and lives on in real time."""
