"""The one owner of "catalog, lake and gallery agree"."""
