"""Answers as Moodle's web pages do: login token, sesskey, courses, assignment upload, forum, messaging by AJAX."""

from web import Web, hidden, html, js, to

web = Web()
web.drafts, web.handed_in, web.posts, web.sent = {}, {}, {}, {}
web.config, web.sessions, web.clock = {"sessiontimeout": "28800"}, {}, 0
KEY = "sesskey9"


def who(asked):
    token = asked.cookies.get("MoodleSession", "")
    if web.clock - web.sessions.get(token, web.clock) >= int(web.config["sessiontimeout"]):
        web.kept.pop(token, None)
    web.sessions[token] = web.clock
    return web.kept.get(token)


def config():
    return f'<script>M.cfg = {{"sesskey":"{KEY}","userId":7,"contextid":31}};</script>'


def page(text):
    logout = f'<a href="http://moodle/login/logout.php?sesskey={KEY}">Déconnexion</a>'
    return html(config() + logout + "<script src='/lib/javascript.php/1/lib.js'></script>" + text)


def signed_on(function):
    return lambda asked: function(asked) if who(asked) else to("/login/index.php")


def keyed(function):
    def wrapped(asked):
        if KEY not in (asked.form.get("sesskey"), asked.query.get("sesskey")):
            return js({"error": "invalid sesskey"})
        return function(asked)

    return signed_on(wrapped)


@web.on("GET", "/login/index.php")
def form(asked):
    return to("/my/") if who(asked) else _form()


def _form(problem=""):
    fields = hidden(logintoken=web.token("logintoken"), anchor="")
    return html(f"{problem}<form id=login action=/login/index.php method=post>{fields}"
                "<input name=username><input name=password type=password></form>")  # fmt: skip


@web.on("POST", "/login/index.php")
def submit(asked):
    if web.kept.get("full"):
        return html("errorsessionlimit", 503)
    if web.take(asked.form.get("logintoken", "")) != "logintoken":
        return _form("<div id=loginerrormessage>Your session has timed out</div>")
    if asked.form["password"] != "juste":
        return _form("<div id=loginerrormessage>Invalid login, please try again</div>")
    token = web.token(asked.form["username"])
    mine = [each for each in web.sessions if web.kept.get(each) == asked.form["username"]]
    web.sessions[token] = web.clock
    most = int(web.config.get("limitconcurrentlogins", 0))
    for older in mine[: max(0, len(mine) + 1 - most)] if most else []:
        web.kept.pop(older, None)
    return to("/login/index.php?testsession=7", f"MoodleSession={token}; Path=/")


@web.on("PUT", "/stub/full/(yes|no)")
def full(asked):
    web.kept["full"] = asked.groups[0] == "yes"
    return js({})


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
@signed_on
def dashboard(asked):
    return page("<a href='/course/view.php?id=3'>Maths</a>")


@web.on("GET", "/course/view.php")
@signed_on
def course(asked):
    return page("<a href='/mod/assign/view.php?id=11'>DM</a><a href='/mod/forum/view.php?id=12'>Forum</a>")


@web.on("GET", "/mod/assign/view.php")
@signed_on
def assignment(asked):
    if asked.query.get("action") != "editsubmission":
        return page("<h2>DM</h2>")
    item = web.token("item")[:8]
    web.drafts[item] = None
    repositories = '<script>{"5":{"id":"5","name":"Déposer un fichier","type":"upload"}}</script>'
    return page(f"{repositories}<form>{hidden(files_filemanager=item, lastmodified='0')}</form>")


@web.on("POST", "/repository/repository_ajax.php")
@keyed
def upload(asked):
    if asked.form["itemid"] not in web.drafts or asked.form["repo_id"] != "5":
        return js({"error": "no such draft"})
    web.drafts[asked.form["itemid"]] = asked.files["repo_upload_file"]
    return js({"url": "http://x", "id": asked.form["itemid"], "file": "copie.txt"})


@web.on("POST", "/mod/assign/view.php")
@keyed
def save(asked):
    if asked.form["action"] == "removesubmission":
        web.handed_in.pop(who(asked), None)
        return to("/mod/assign/view.php?id=11")
    if not web.drafts.get(asked.form["files_filemanager"]):
        return html("no file", 400)
    web.handed_in[who(asked)] = web.drafts[asked.form["files_filemanager"]]
    return to("/mod/assign/view.php?id=11&action=view")


@web.on("GET", "/mod/forum/view.php")
@signed_on
def forum(asked):
    return page("<a href='/mod/forum/discuss.php?d=21'>Questions</a>")


@web.on("GET", "/mod/forum/discuss.php")
@signed_on
def discussion(asked):
    return page("<div id='p40'></div><a href='/mod/forum/post.php?reply=40'>Répondre</a>" + "".join(
        f"<div id='p{each}'></div>" for each in web.posts))  # fmt: skip


@web.on("GET", "/mod/forum/post.php")
@signed_on
def post_form(asked):
    return page(f"<form>{hidden(forum='12', course='3', **{'message[itemid]': '9'})}</form>")


@web.on("POST", "/mod/forum/post.php")
@keyed
def post(asked):
    if "delete" in asked.form:
        web.posts.pop(asked.form["delete"], None)
        return to("/mod/forum/discuss.php?d=21")
    if asked.form["forum"] != "12" or not asked.form["message[text]"]:
        return html("?", 400)
    web.posts[str(41 + len(web.posts))] = asked.form["message[text]"]
    return to("/mod/forum/discuss.php?d=21")


@web.on("GET", "/(message/index.php|user/files.php|grade/report/overview/index.php|)")
@signed_on
def others(asked):
    return page("<main></main>")


@web.on("GET", "/lib/javascript.php/1/lib.js")
def script(asked):
    return js("x" * 300, headers={"Cache-Control": "max-age=600"})


@web.on("POST", "/lib/ajax/service.php")
@keyed
def service(asked):
    call = asked.json[0]
    name, args = call["methodname"], call["args"]
    if name == "core_message_get_conversations":
        return js([{"error": False, "data": {"conversations": [{"id": 55}]}}])
    if name == "core_message_get_conversation_messages" and str(args["convid"]) != "55":
        return js([{"error": True, "exception": {"errorcode": "nopermission"}}])
    if name == "core_message_send_instant_messages":
        if str(args["messages"][0]["touserid"]) != "7":
            return js([{"error": True}])
        identity = str(len(web.sent) + 900)
        web.sent[identity] = args["messages"][0]["text"]
        return js([{"error": False, "data": [{"msgid": int(identity)}]}])
    if name == "core_message_delete_message":
        return js([{"error": web.sent.pop(str(args["messageid"]), None) is None, "data": {}}])
    return js([{"error": False, "data": {}}])


@web.on("GET", "/stub/left")
def left(asked):
    return js({"things": len(web.handed_in) + len(web.posts) + len(web.sent)})


if __name__ == "__main__":
    web.serve()
