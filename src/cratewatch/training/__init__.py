"""Triplet training: data, loss with hard-negative mining, one readable loop."""
