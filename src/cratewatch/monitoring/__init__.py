"""How everything is: what status tells."""
