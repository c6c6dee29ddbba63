"""Wiring: each command's real stages, built from a plan."""
