"""Sleeves in whole pictures: where they are, corner by corner, and what each shows, upright."""
