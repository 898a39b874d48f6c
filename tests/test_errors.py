"""The exit codes, which other people's pipelines depend on."""

import pytest

from entsurge import errors


def test_precedence_is_the_documented_one() -> None:
    """When several codes apply, a signal beats 7 beats 6 beats 5 beats 4 beats 3."""
    assert errors.exit_code([3, 4, 5, 6, 7, 130]) == 130
    for code in (129, 130, 143):
        assert errors.exit_code([7, code, 3]) == code
    assert errors.exit_code([130, 143]) == 143  # the engine hears SIGINT whatever its command was told
    assert errors.exit_code([130, 129]) == 129
    assert errors.exit_code([3, 4]) == 4
    assert errors.exit_code([0, 3]) == 3
    assert errors.exit_code([0, 0]) == 0


@pytest.mark.parametrize(
    ("verdicts", "code", "gravest"),
    [
        ([], 0, "PASS"), (["PASS"], 0, "PASS"), (["PASS", "INCONCLUSIVE"], 4, "INCONCLUSIVE"),
        (["INCONCLUSIVE", "FAIL", "PASS"], 3, "FAIL"), (["FAIL", "INVALID", "INCONCLUSIVE"], 4, "INVALID"),
    ],
)  # fmt: skip
def test_a_proven_miss_is_never_hidden_by_thin_data(verdicts: list[errors.Conclusion], code: int, gravest: str) -> None:
    """INVALID before FAIL before INCONCLUSIVE before PASS, over several candidates too; how a run ended comes first."""
    assert errors.exit_code([0] * len(verdicts), verdicts) == code
    assert errors.gravest(verdicts) == gravest
    for end in (130, 7, 6, 5):
        assert errors.exit_code([end], verdicts) == end
