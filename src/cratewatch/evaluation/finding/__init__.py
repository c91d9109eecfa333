"""How well sleeves are found in whole pictures, against pictures whose sleeves are known."""
