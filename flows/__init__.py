"""Prefect flows: order, retries and reports of the stages that workers and scrapers do."""
