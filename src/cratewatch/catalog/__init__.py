"""Releases, covers, offers, sales and the ledger of items: the only user of SQLAlchemy."""
