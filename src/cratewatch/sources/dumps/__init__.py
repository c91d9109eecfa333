"""Monthly dumps: the XML of Discogs and the JSON of MusicBrainz, read from files."""
