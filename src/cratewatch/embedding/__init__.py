"""The embedding model: network, preprocessing, and the model folder in the lake."""

from cratewatch.embedding.embedder import Embedder, Embeddings, batches
from cratewatch.embedding.model_folder import load_model, models, save_model, train_artworks
from cratewatch.embedding.net import EmbeddingNet, ModelConfig
from cratewatch.embedding.preprocessing import Grey, frame_cover, standardise, to_grey
from cratewatch.embedding.trunks import BACKBONES, Backbone

__all__ = [
    "BACKBONES",
    "Backbone",
    "Embedder",
    "EmbeddingNet",
    "Embeddings",
    "Grey",
    "ModelConfig",
    "batches",
    "frame_cover",
    "load_model",
    "models",
    "save_model",
    "standardise",
    "to_grey",
    "train_artworks",
]
