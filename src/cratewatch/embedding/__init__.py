"""The embedding model: network, preprocessing, and the model folder in the lake."""
