"""MusicBrainz and the Cover Art Archive."""
