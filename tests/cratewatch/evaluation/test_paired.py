import json
from dataclasses import asdict

import numpy as np
import pytest

from cratewatch.evaluation.paired import PairedRecall, compare
from tests.late import Late

stats = Late("scipy.stats")


def answers(gained: int, lost: int, both: int, neither: int) -> PairedRecall:
    before = [False] * gained + [True] * lost + [True] * both + [False] * neither
    after = [True] * gained + [False] * lost + [True] * both + [False] * neither
    return compare(np.array(before), np.array(after))


def test_a_case_by_hand() -> None:
    found = answers(6, 0, 3, 3)
    assert (found.before.successes, found.after.successes, found.after.trials) == (3, 9, 12)
    assert (found.gained, found.lost, found.difference) == (6, 0, 0.5)
    # Of six, all: Clopper and Pearson's interval is 0.025 ** (1 / 6) to 1.
    assert found.low == pytest.approx((2 * 0.025 ** (1 / 6) - 1) * 6 / 12)
    assert found.high == pytest.approx(0.5)
    assert found.better
    assert not answers(5, 0, 3, 3).better  # p is 2 / 2 ** 5 = 0.0625


def test_better_is_what_mcnemars_exact_test_says() -> None:
    for gained in range(13):
        for lost in range(13 - gained):
            found = answers(gained, lost, 2, 1)
            p = stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
            assert found.better == (p < 0.05 and gained > lost), (gained, lost)
            assert found.low <= found.difference <= found.high


def test_queries_that_both_answer_alike_leave_no_doubt_that_there_is_no_difference() -> None:
    found = answers(0, 0, 5, 5)
    assert (found.difference, found.low, found.high, found.better) == (0, 0, 0, False)


def test_it_goes_through_json() -> None:
    found = answers(4, 2, 5, 1)
    assert PairedRecall.from_json(json.loads(json.dumps(asdict(found)))) == found


def test_answers_to_other_queries_are_refused() -> None:
    with pytest.raises(ValueError, match="answers to"):
        compare(np.zeros(3, bool), np.zeros(4, bool))
