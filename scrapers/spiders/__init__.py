"""Spiders: one module for each, found by the name that a source's settings give."""
