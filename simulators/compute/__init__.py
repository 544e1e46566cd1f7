"""Servers that run work of others, as small as their protocols allow, with bad moments to switch on."""
