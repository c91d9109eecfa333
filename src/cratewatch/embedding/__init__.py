"""The embedding model: network, preprocessing, and the model folder in the lake."""

from cratewatch.embedding.embedder import Embedder, Embeddings, Runtime, batches
from cratewatch.embedding.loading import (
    export_onnx,
    load_model,
    prepare_model,
    quantise_model,
    start_net,
)
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.net import EmbeddingNet, ModelConfig
from cratewatch.embedding.preprocessing import Grey, frame_cover, standardise, to_grey
from cratewatch.embedding.saved_models import (
    ModelFolder,
    adopt_model,
    default_model,
    describe_start,
    find_model,
    models,
    read_confused,
    shipped_models,
    start_artworks,
    train_artworks,
)
from cratewatch.embedding.sizing import CPU_BATCH, GPU_BATCH, batch_for, picture_bytes
from cratewatch.embedding.torch_runtime import TorchRuntime
from cratewatch.embedding.trunks import BACKBONES, Backbone

__all__ = [
    "BACKBONES",
    "CPU_BATCH",
    "GPU_BATCH",
    "Backbone",
    "Embedder",
    "EmbeddingNet",
    "Embeddings",
    "Grey",
    "ModelConfig",
    "ModelFolder",
    "Runtime",
    "TorchRuntime",
    "adopt_model",
    "batch_for",
    "batches",
    "default_model",
    "describe_start",
    "export_onnx",
    "find_model",
    "frame_cover",
    "load_model",
    "models",
    "picture_bytes",
    "prepare_model",
    "quantise_model",
    "read_confused",
    "save_model",
    "shipped_models",
    "standardise",
    "start_artworks",
    "start_net",
    "to_grey",
    "train_artworks",
]
