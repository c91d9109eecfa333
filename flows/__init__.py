"""Prefect flows: order and reports of the stages that workers and scrapers do."""
