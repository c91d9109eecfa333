"""Discogs: releases of a label, an artist, a master or a search, and what the market asks."""
