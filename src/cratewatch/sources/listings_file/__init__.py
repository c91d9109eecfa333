"""Listings from a file, JSON or CSV, as services that scrape marketplaces deliver them."""
