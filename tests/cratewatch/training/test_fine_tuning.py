from cratewatch.embedding.config import ModelConfig
from cratewatch.training.config import TrainConfig
from cratewatch.training.fine_tuning import FineTuning


def test_a_fine_tuning_goes_on_from_a_whole_model_more_gently_than_a_training_begins() -> None:
    model = ModelConfig("mobilenet_v1")
    config = FineTuning(steps=7, seed=3).config(model, "some-model")
    assert (config.model, config.weights, config.steps, config.seed) == (model, "some-model", 7, 3)
    assert config.learning_rate < TrainConfig().learning_rate
