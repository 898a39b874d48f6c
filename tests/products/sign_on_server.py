"""Serves django-cas-server, a CAS server that anybody can install, over loopback, with accounts; own environment.

Run by that environment's Python with the folder for its data, the services' address and the number of accounts.
"""

import os
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import include, re_path

PERSONAS = ("student", "teacher", "parent", "staff")


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection."""

    daemon_threads = True
    request_queue_size = 128


class Quiet(WSGIRequestHandler):
    """Says nothing of what it serves."""

    disable_nagle_algorithm = True

    def log_message(self, *_) -> None:
        pass


def configure(folder: Path) -> None:
    """As its documentation says, behind a front that speaks TLS."""
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "cas.sqlite3"),
                "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"}}  # fmt: skip
    settings.configure(
        DEBUG=False, SECRET_KEY="essai", ALLOWED_HOSTS=["*"], STATIC_URL="/static/", LANGUAGE_CODE="fr", USE_TZ=True,
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"), USE_X_FORWARDED_HOST=True, USE_I18N=True,
        SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True, CAS_NEW_VERSION_HTML_WARNING=False,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"], DATABASES={"default": database},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[*(f"django.contrib.{name}" for name in ("auth", "contenttypes", "sessions", "messages")),
                        "cas_server"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.locale.LocaleMiddleware",
            "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
                    "OPTIONS": {"context_processors": ["django.template.context_processors.request",
                                                       "django.contrib.messages.context_processors.messages"]}}],
    )  # fmt: skip
    django.setup()
    settings.ROOT_URLCONF = (re_path(r"^cas/", include("cas_server.urls", namespace="cas_server")),)


def settle(service: str, accounts: int) -> None:
    """Tables, the service that may ask, accounts whose password is `juste`."""
    call_command("migrate", verbosity=0)
    from cas_server.models import ServicePattern
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
    ServicePattern.objects.create(pos=1, name="wiki", pattern=f"^{service}/.*$", restrict_users=False)
    secret = make_password("juste")
    names = [f"{persona}-{number}" for persona in PERSONAS for number in range(accounts)]
    User.objects.bulk_create([User(username=name, password=secret) for name in names])


def main() -> None:
    folder, service, accounts = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    configure(folder)
    settle(service, accounts)
    from django.core.wsgi import get_wsgi_application

    server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    os.umask(0o077)
    main()
