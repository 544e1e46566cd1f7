"""Hashwarm's tests; the folders mirror the house."""
