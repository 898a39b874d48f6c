"""Something that a wall stands before, or that breaks: `/` signs on, `/page` is refused or fails as it was told."""

from web import Answer, Web, html, js

web = Web()
web.kept["asked"] = 0


@web.on("GET", "/")
def home(asked):
    return html("<p id=membre>bonjour</p>")


@web.on("GET", "/(cloudflare|broken|sound)")
def page(asked):
    web.kept["asked"] += 1
    kind = asked.groups[0]
    if kind == "broken":
        return html("?", 500)
    if kind == "cloudflare":
        return Answer("error code: 1015", 429, {"Server": "cloudflare", "Retry-After": "30"})
    return html("<p>bien</p>")


@web.on("GET", "/stub/asked")
def count(asked):
    return js({"asked": web.kept["asked"]})


if __name__ == "__main__":
    web.serve()
