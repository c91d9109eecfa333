"""Alembic's migrations of the catalog: one module for each revision in versions/."""
