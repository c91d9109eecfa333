"""Releases, covers, offers, prices and the ledger of items: the only user of SQLAlchemy."""
