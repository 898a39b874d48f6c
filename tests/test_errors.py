"""The exit codes, which other people's pipelines depend on."""

from entsurge import errors


def test_precedence_is_the_documented_one() -> None:
    """When several codes apply, a signal beats 7 beats 6 beats 5 beats 4 beats 3."""
    assert errors.first_by_precedence([3, 4, 5, 6, 7, 130]) == 130
    for code in (129, 130, 143):
        assert errors.first_by_precedence([7, code, 3]) == code
    assert errors.first_by_precedence([130, 143]) == 143  # the engine hears SIGINT whatever its command was told
    assert errors.first_by_precedence([130, 129]) == 129
    assert errors.first_by_precedence([3, 4]) == 4
    assert errors.first_by_precedence([0, 3]) == 3
    assert errors.first_by_precedence([0, 0]) == 0
