"""Sets up Kolibri, a learning platform from PyPI, with classes, lessons and accounts; serves it; own environment.

Run by that environment's Python with the folder for its data, the port and the number of accounts.
"""

import os
import subprocess
import sys
from pathlib import Path

CLASSES, LESSONS = 4, 12
# No multicast, no call home, nothing but loopback.
SERVED = {
    "KOLIBRI_RUN_MODE": "test", "KOLIBRI_CHERRYPY_THREAD_POOL": "20", "KOLIBRI_LISTEN_ADDRESS": "127.0.0.1",
    "KOLIBRI_ZEROCONF_ENABLED": "0", "KOLIBRI_DISABLE_PING": "1", "KOLIBRI_CHERRYPY_QUEUE_SIZE": "500",
    "KOLIBRI_CHERRYPY_QUEUE_TIMEOUT": "60",
}  # fmt: skip


def set_up(accounts: int) -> None:
    """A facility, classes with lessons, coaches and learners whose password is `juste`."""
    from kolibri.utils.main import initialize

    initialize()
    from django.contrib.auth.hashers import make_password
    from kolibri.core.auth.models import Classroom, Facility, FacilityUser
    from kolibri.core.device.utils import provision_device
    from kolibri.core.lessons.models import Lesson, LessonAssignment

    facility = Facility.objects.create(name="Lycée")
    facility.dataset.learner_can_sign_up = False
    facility.dataset.learner_can_login_with_no_password = False
    facility.dataset.save()
    provision_device(language_id="fr-fr", default_facility=facility)
    secret = make_password("juste")
    chief = FacilityUser.objects.create(username="chef", password=secret, facility=facility, full_name="chef")
    facility.add_admin(chief)
    classes = [Classroom.objects.create(name=f"Seconde {number}", parent=facility) for number in range(CLASSES)]
    for room in classes:
        for number in range(LESSONS):
            lesson = Lesson.objects.create(
                title=f"Leçon {number}", description="À lire.", is_active=True, collection=room, created_by=chief
            )
            LessonAssignment.objects.create(lesson=lesson, collection=room, assigned_by=chief)
    for persona in ("student", "teacher", "parent", "staff"):
        for number in range(accounts):
            name = f"{persona}-{number}"
            user = FacilityUser.objects.create(username=name, password=secret, facility=facility, full_name=name)
            room = classes[number % CLASSES]
            if persona in ("student", "parent"):
                room.add_member(user)
            else:
                room.add_coach(user)


def main() -> None:
    home, port, accounts = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    os.environ.update(SERVED, KOLIBRI_HOME=str(home))
    set_up(accounts)
    kolibri = Path(sys.executable).with_name("kolibri")
    print("set up", flush=True)
    with subprocess.Popen([kolibri, "start", "--foreground", "--port", port, "--zip-port", "0"]) as served:
        sys.stdin.read()
        served.kill()  # in its own time it waits for connections that are kept alive


if __name__ == "__main__":
    main()
