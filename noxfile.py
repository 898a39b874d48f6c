"""The tests on each Python that is present: `nox`, or `nox -s tests-3.13 -- tests/record`; others are skipped."""

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """The quick tests with the versions of requirements.lock; pyproject.toml declares the Pythons that passed."""
    session.install("--require-hashes", "-r", "requirements.lock")
    session.install("--no-deps", "--no-build-isolation", "-e", ".")
    session.run("pytest", *session.posargs)
