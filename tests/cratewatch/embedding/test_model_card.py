from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.model_card import model_card

PROVENANCE = {
    "data": "On 4,575 covers.",
    "training": {"steps": 400, "margin": 0.2, "loss": "triplet | soft"},
    "metrics": {
        "final_loss": 0.123456,
        "everything, 128 px": {"recall@1": 0.9, "recall@5": 0.95},
        "everything, 64 px": {"recall@1": 0.5, "recall@5": 0.6},
        "fifty": {"recall@1": 1.0},
    },
    "limits": ["It has seen no cassette."],
    "licence": "Apache-2.0; the covers belong to their owners.",
}


def section(card: str, heading: str) -> str:
    return card.split(f"## {heading}\n\n")[1].split("\n## ")[0].strip()


def test_the_card_tells_of_data_results_limits_and_licence() -> None:
    card = model_card("resnet18_12345678", ModelConfig(), PROVENANCE)
    assert card.startswith("# resnet18_12345678\n")
    assert "| image_px | 64 |" in section(card, "The network")
    training = section(card, "Training")
    assert training.startswith("On 4,575 covers.\n")
    assert "| steps | 400 |" in training
    assert r"| loss | triplet \| soft |" in training
    assert section(card, "What it gets wrong").endswith("- It has seen no cassette.")
    assert section(card, "Licence") == PROVENANCE["licence"]


def test_measured_rows_with_equal_columns_share_a_table() -> None:
    measured = section(model_card("m", ModelConfig(), PROVENANCE), "Measured")
    assert measured.split("\n\n") == [
        "|  |  |\n| --- | --- |\n| final_loss | 0.1235 |",
        "|  | recall@1 | recall@5 |\n| --- | --- | --- |\n"
        "| everything, 128 px | 0.9 | 0.95 |\n| everything, 64 px | 0.5 | 0.6 |",
        "|  | recall@1 |\n| --- | --- |\n| fifty | 1 |",
    ]


def test_a_card_of_which_nothing_is_known_claims_nothing() -> None:
    card = model_card("m", ModelConfig(), {})
    assert section(card, "Measured") == "Nothing yet."
    assert "## Licence" not in card
    assert "- It sees grey only" in section(card, "What it gets wrong")
