"""Moodle's settings as its sign-on obeys them: how long a session lives, how many an account has, maintenance."""

from web import Web, hidden, html, js, to

web = Web()
web.config, web.sessions, web.clock = {"sessiontimeout": "28800"}, {}, 0


def who(asked):
    token = asked.cookies.get("MoodleSession", "")
    if web.clock - web.sessions.get(token, web.clock) >= int(web.config["sessiontimeout"]):
        web.kept.pop(token, None)
    web.sessions[token] = web.clock
    return web.kept.get(token)


@web.on("GET", "/login/index.php")
def form(asked):
    return html(f"<form>{hidden(logintoken=web.token('logintoken'))}</form>")


@web.on("POST", "/login/index.php")
def submit(asked):
    token = web.token(asked.form["username"])
    mine = [each for each in web.sessions if web.kept.get(each) == asked.form["username"]]
    web.sessions[token] = web.clock
    most = int(web.config.get("limitconcurrentlogins", 0))
    for older in mine[: max(0, len(mine) + 1 - most)] if most else []:
        web.kept.pop(older, None)
    return to("/my/", f"MoodleSession={token}; Path=/")


@web.on("PUT", r"/stub/later/(\d+)")
def later(asked):
    """So many seconds pass."""
    web.clock += int(asked.groups[0])
    return js({})


@web.on("GET", r"/stub/config/(\w+)")
def setting(asked):
    """What admin/cli/cfg.php reads."""
    return js({"value": web.config.get(asked.groups[0])})


@web.on("PUT", r"/stub/config/(\w+)")
def set_setting(asked):
    """What admin/cli/cfg.php and maintenance.php set."""
    if asked.json["value"] is None:
        web.config.pop(asked.groups[0], None)
    else:
        web.config[asked.groups[0]] = asked.json["value"]
    return js({})


def in_maintenance(answer):
    """As lib/setup.php: nothing but the page, with 503 and when to come back."""

    def wrapped(asked):
        if web.config.get("maintenance_enabled") == "cli mode" and not asked.path.startswith("/stub/"):
            return html("<h1>Ce site est en maintenance</h1>", 503, headers={"Retry-After": "300"})
        return answer(asked)

    return wrapped


web.answer = in_maintenance(web.answer)


@web.on("GET", "/my/")
def dashboard(asked):
    return html("<main></main>") if who(asked) else to("/login/index.php")


if __name__ == "__main__":
    web.serve()
