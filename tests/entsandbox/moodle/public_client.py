"""Drives python-moodle, unmodified, against a server, in its own environment; prints what it found as JSON."""

import json
import sys

from py_moodle.auth import LoginError, login
from py_moodle.draftfile import upload_file_to_draft_area

told = json.loads(sys.argv[1])
session = login(told["url"], told["login"], told["password"])
calls = [{"index": 0, "methodname": "core_calendar_get_action_events_by_timesort", "args": {"limitnum": 6}}]
answer = session.post(f"{told['url']}/lib/ajax/service.php?sesskey={session.sesskey}", json=calls).json()
try:
    login(told["url"], told["login"], "faux")
    wrong = "in"
except LoginError as error:
    wrong = str(error)
item = upload_file_to_draft_area(session, told["url"], session.sesskey, 1, 31, told["file"], itemid=78)
print(json.dumps({"error": answer[0]["error"], "uploaded": item, "wrong": wrong}))
