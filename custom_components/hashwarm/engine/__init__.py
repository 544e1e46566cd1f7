"""What heats, hashes, trades and counts; knows no Home Assistant."""
