"""The demo record shop: invented releases with drawn covers, served as a real site on loopback."""
