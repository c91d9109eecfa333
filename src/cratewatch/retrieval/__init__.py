"""From query images to matches: views, normalised scores, verdicts."""

from cratewatch.retrieval.background import Background
from cratewatch.retrieval.calibration import Calibration, Trial, fit, trial
from cratewatch.retrieval.config import ONE_LOOK, SearchConfig
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.matches import Match, identify
from cratewatch.retrieval.model_aids import (
    load_background,
    load_calibration,
    save_background,
    save_calibration,
)
from cratewatch.retrieval.ranking import OVERSAMPLING, rank
from cratewatch.retrieval.searcher import Searcher
from cratewatch.retrieval.views import draw_views
from cratewatch.retrieval.voting import Vote, vote

__all__ = [
    "ONE_LOOK",
    "OVERSAMPLING",
    "Background",
    "Calibration",
    "CoverKeypoints",
    "Match",
    "SearchConfig",
    "Searcher",
    "Trial",
    "Vote",
    "draw_views",
    "fit",
    "identify",
    "load_background",
    "load_calibration",
    "rank",
    "save_background",
    "save_calibration",
    "trial",
    "vote",
]
