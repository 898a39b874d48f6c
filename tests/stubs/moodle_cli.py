"""Answers as Moodle's admin/cli/cfg.php and admin/cli/maintenance.php do, for the stub at MOODLE_STUB."""

import json
import os
import sys
from urllib.request import Request, urlopen

HARD_SET = {"dbpass"}  # in config.php: not to be changed


def ask(name, value=...):
    """A setting as the stub has it, or set to something else."""
    body = None if value is ... else json.dumps({"value": value}).encode()
    url = f"{os.environ['MOODLE_STUB']}/stub/config/{name}"
    request = Request(url, body, {"Content-Type": "application/json"}, method="GET" if body is None else "PUT")
    with urlopen(request, timeout=5) as answer:
        return json.load(answer).get("value")


def cfg(options):
    """Exit codes: 3 for what is not set, 4 for what config.php fixes."""
    name, changes = options["--name"], {"--set", "--unset"} & options.keys()
    if changes and name in HARD_SET:
        print("The configuration variable is hard-set in the config.php, unable to change.", file=sys.stderr)
        return 4
    if changes:
        ask(name, options.get("--set"))
        return 0
    value = ask(name)
    if value is None:
        print("No such configuration variable found.", file=sys.stderr)
        return 3
    print(value, end="" if "--no-eol" in options else "\n")
    return 0


def maintenance(options):
    """Both may be said twice."""
    ask("maintenance_enabled", "cli mode" if "--enable" in options else "0")
    return 0


if __name__ == "__main__":
    given = {name: value for name, _, value in (each.partition("=") for each in sys.argv[2:])}
    sys.exit({"admin/cli/cfg.php": cfg, "admin/cli/maintenance.php": maintenance}[sys.argv[1]](given))
