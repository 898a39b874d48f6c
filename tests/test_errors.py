"""The exit codes, which other people's pipelines depend on."""

from entsurge import errors


def test_precedence_is_the_documented_one() -> None:
    """When several codes apply, 130 beats 7 beats 6 beats 5 beats 4 beats 3."""
    assert errors.first_by_precedence([3, 4, 5, 6, 7, 130]) == 130
    assert errors.first_by_precedence([3, 4]) == 4
    assert errors.first_by_precedence([0, 3]) == 3
    assert errors.first_by_precedence([0, 0]) == 0
