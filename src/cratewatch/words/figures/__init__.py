"""Persons who never were, drawn: what is learnt from them may ship."""
