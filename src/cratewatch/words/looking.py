"""Looks for the persons of footage in some of its frames, and gathers pictures of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cratewatch.footage.appearance import Appearance
from cratewatch.footage.detecting import SHIPPED_DETECTOR, Detector
from cratewatch.footage.following import Follower
from cratewatch.footage.run import FootageRun, Output, Summary
from cratewatch.footage.sources import Source
from cratewatch.footage.thinning import Thinning
from cratewatch.footage.tracker import Tracker
from cratewatch.footage.tracks import TrackerConfig
from cratewatch.words.gathering import Gatherer, PersonTrack

SAMPLED_CONF = 0.35
SAMPLING_RATE = 30
FEW_FPS = 6.0
"""Below so many looks a second one detection makes a person, there may be no second one; and who
stands where another stood may be somebody else: appearance counts for more than place."""
ALIKE = 0.65
"""Cosine from which one who is seen seconds later is the same: of others it was .24 to .65."""
LOOKS_UNSEEN = 4
"""For so many looks one who is lost can be known again."""


@dataclass(frozen=True)
class LookingOptions:
    """How footage is looked at.

    Attributes:
        conf: Confidence from which a detection is a person.
        sampling_rate: Each Nth frame is looked at.
        detector: A YOLOX or RT-DETR model.
    """

    conf: float = SAMPLED_CONF
    sampling_rate: int = SAMPLING_RATE
    detector: Path = SHIPPED_DETECTOR

    def tracking(self, rate_fps: float) -> TrackerConfig:
        """Return how persons are followed from look to look."""
        looks_fps = rate_fps / self.sampling_rate
        config = TrackerConfig(conf=self.conf, max_age_s=max(4.0, LOOKS_UNSEEN / looks_fps))
        if looks_fps >= FEW_FPS:
            return config
        return replace(
            config,
            confirmed_after=1,
            overlap_weight=0.2,
            least_score=0.62,
            reid_thresh=ALIKE,
            near_similarity=ALIKE,
        )


def look_at(
    source: Source,
    options: LookingOptions,
    keep: Callable[[PersonTrack], None],
    outputs: tuple[Output, ...] = (),
) -> Summary:
    """Pass the persons of footage on, each when he is gone.

    Args:
        outputs: Are told each look, too.

    Raises:
        CratewatchError: if the detector is none, or the footage breaks off.
    """
    tracker = Tracker(options.tracking(source.rate_fps))
    follower = Follower(Detector(options.detector), Appearance(), tracker)
    run = FootageRun(follower, outputs=[Gatherer(keep), *outputs])
    return run.run(Thinning(source.frames(), options.sampling_rate))
