"""DokuWiki as Debian packages it, set up in a folder of its own: nginx or Apache in front of PHP, synthetic pages."""

import base64
import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.products.front import free_port, listening, running

PERSONAS = ("student", "teacher", "parent", "staff")
WORK = 30
APPLICATION = Path("/usr/share/dokuwiki")
BEFORE = "<?php define('DOKU_CONF', '{folder}/conf/'); define('DOKU_PLUGIN', '{folder}/plugins/');\n"
SETTINGS = """<?php
$conf['title'] = 'Wiki du lycée'; $conf['lang'] = 'fr'; $conf['useacl'] = 1; $conf['superuser'] = '@admin';
$conf['updatecheck'] = 0; $conf['disableactions'] = 'register,resendpwd'; $conf['license'] = '';
$conf['authtype'] = '{by}'; $conf['baseurl'] = '{url}'; $conf['savedir'] = '{data}';
"""
TRUSTS = r"""<?php
/** Who the web server says it is: REMOTE_USER, as mod_auth_cas sets it. */
class auth_plugin_authremote extends DokuWiki_Auth_Plugin {
    public function __construct() {
        parent::__construct();
        $this->cando['external'] = true;
        $this->success = true;
    }
    public function trustExternal($user, $pass, $sticky = false) {
        global $USERINFO, $INPUT;
        $name = $_SERVER['REMOTE_USER'] ?? '';
        if ($name === '') return false;
        $USERINFO = ['name' => $name, 'mail' => "$name@ent.example", 'grps' => ['user']];
        $INPUT->server->set('REMOTE_USER', $name);
        $_SESSION[DOKU_COOKIE]['auth']['user'] = $name;
        $_SESSION[DOKU_COOKIE]['auth']['info'] = $USERINFO;
        return true;
    }
}
"""
NAMED = "base authremote\nauthor test\nemail test@ent.example\ndate 2026-01-01\nname remote\ndesc remote\nurl none\n"
PHP = """
[global]
error_log = {folder}/php.log
daemonize = no
[wiki]
{user}
listen = 127.0.0.1:{port}
pm = static
pm.max_children = 4
php_admin_value[auto_prepend_file] = {folder}/before.php
php_admin_value[session.save_path] = {folder}/sessions
php_admin_value[upload_tmp_dir] = {folder}
php_admin_value[error_log] = {folder}/php.log
php_admin_flag[log_errors] = on
"""
FASTCGI = """
root {app}; index doku.php;
location ~ ^/(conf|data|bin|inc|vendor)/ {{ deny all; }}
location / {{ try_files $uri $uri/ =404; }}
location ~ \\.php$ {{
  include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
  fastcgi_param HTTPS on; fastcgi_pass 127.0.0.1:{port};
}}
"""
APACHE = """
ServerName 127.0.0.1
ServerRoot {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
Listen 127.0.0.1:{port}
{user}
{modules}
DocumentRoot {app}
DirectoryIndex doku.php
TypesConfig /etc/mime.types
<Directory {app}>
  AllowOverride None
  AuthType CAS
  Require valid-user
</Directory>
<LocationMatch "^/(conf|data|bin|inc|vendor)/">
  Require all denied
</LocationMatch>
<FilesMatch "\\.php$">
  SetHandler "proxy:fcgi://127.0.0.1:{php}"
</FilesMatch>
ProxyFCGISetEnvIf "true" HTTPS "on"
CASVersion 2
CASLoginURL {cas}/cas/login
CASValidateURL {cas}/cas/serviceValidate
CASCertificatePath {root}
CASCookiePath {folder}/tickets/
CASRootProxiedAs {url}
CASSSOEnabled Off
"""
MODULES = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_cas", "proxy", "proxy_fcgi", "dir", "mime")


@contextlib.contextmanager
def wiki(folder: Path, url: str, accounts: int, *, by: str = "authplain") -> Iterator[int]:
    """DokuWiki behind PHP-FPM, its settings, plugins and data in this folder: the port on which PHP listens."""
    _settle(folder, url, accounts, by)
    port, user = free_port(), "user = www-data\ngroup = www-data" if os.geteuid() == 0 else ""
    (folder / "php.conf").write_text(PHP.format(folder=folder, port=port, user=user), encoding="utf-8")
    if os.geteuid() == 0:
        for name in ("conf", "data", "sessions"):
            _give_away(folder / name)
    with running([php_fpm(), "-y", str(folder / "php.conf")], folder / "php.said"):
        listening("127.0.0.1", port, folder / "php.said")
        yield port


def fastcgi(port: int) -> str:
    """What nginx does with the wiki's requests."""
    return FASTCGI.format(app=APPLICATION, port=port)


@contextlib.contextmanager
def behind_cas(folder: Path, php: int, *, url: str, cas: str, root: Path) -> Iterator[int]:
    """Apache with mod_auth_cas in front of the wiki: the port on which it listens, over plain HTTP."""
    port, user = free_port(), "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    modules = "\n".join(f"LoadModule {each}_module /usr/lib/apache2/modules/mod_{each}.so" for each in MODULES)
    (folder / "tickets").mkdir()
    if os.geteuid() == 0:
        _give_away(folder / "tickets")
    text = APACHE.format(
        folder=folder, port=port, user=user, modules=modules, app=APPLICATION, php=php, url=url, cas=cas, root=root
    )
    (folder / "apache.conf").write_text(text, encoding="utf-8")
    command = ["/usr/sbin/apache2", "-f", str(folder / "apache.conf"), "-DFOREGROUND"]
    with running(command, folder / "apache.said"):
        listening("127.0.0.1", port, folder / "apache.said")
        yield port


def pages(folder: Path) -> set[str]:
    """The wiki's pages, by their names."""
    top = folder / "data" / "pages"
    return {":".join(each.relative_to(top).with_suffix("").parts) for each in top.rglob("*.txt")}


def media(folder: Path) -> set[str]:
    """The wiki's files, by their names."""
    top = folder / "data" / "media"
    return {":".join(each.relative_to(top).parts) for each in top.rglob("*") if each.is_file()}


def php_fpm() -> str:
    """PHP-FPM by the name that Debian gives it: with its version."""
    found = sorted(Path("/usr/sbin").glob("php-fpm*"))
    return str(found[-1]) if found else "php-fpm"


def _settle(folder: Path, url: str, accounts: int, by: str) -> None:
    """Settings, accounts whose password is `juste`, and some synthetic pages."""
    conf, plugins, data = folder / "conf", folder / "plugins", folder / "data"
    conf.mkdir()
    for name in ("plugins.php", "plugins.required.php", "plugins.local.php"):
        shutil.copy(f"/etc/dokuwiki/{name}", conf)
    (conf / "local.php").write_text(SETTINGS.format(by=by, url=url, data=data), encoding="utf-8")
    (conf / "acl.auth.php").write_text("*\t@ALL\t0\n*\t@user\t16\n", encoding="utf-8")
    people = (f"{persona}-{number}" for persona in PERSONAS for number in range(accounts))
    rows = [f"{name}:{_hashed()}:{name}:{name}@ent.example:user" for name in people]
    (conf / "users.auth.php").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "before.php").write_text(BEFORE.format(folder=folder), encoding="utf-8")
    (plugins / "authremote").mkdir(parents=True)
    for each in (APPLICATION / "lib" / "plugins").iterdir():
        (plugins / each.name).symlink_to(each.resolve())
    (plugins / "authremote" / "auth.php").write_text(TRUSTS, encoding="utf-8")
    (plugins / "authremote" / "plugin.info.txt").write_text(NAMED, encoding="utf-8")
    (folder / "sessions").mkdir()
    for name in ("attic", "cache", "index", "locks", "log", "media", "media_attic", "media_meta", "meta", "tmp"):
        (data / name).mkdir(parents=True)
    for name, text in _texts():
        path = (data / "pages").joinpath(*name.split(":")).with_suffix(".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _texts() -> Iterator[tuple[str, str]]:
    yield "start", "====== Wiki du lycée ======\n[[travaux:start|Travaux]] et [[cahier:start|cahier de textes]]."
    links = "\n".join(f"  * [[travaux:travail_{number}]]" for number in range(WORK))
    yield "travaux:start", f"====== Travaux ======\n{links}\n"
    lessons = "\n".join(f"  * [[cahier:seance_{number}]]" for number in range(WORK))
    yield "cahier:start", f"====== Cahier de textes ======\n{lessons}\n"
    for number in range(WORK):
        yield f"travaux:travail_{number}", f"====== Travail {number} ======\nÀ rendre : l’exercice {number}.\n" * 3
        yield f"cahier:seance_{number}", f"====== Séance {number} ======\nLu ensemble, puis corrigé.\n" * 3


def _hashed(salt: bytes = b"sel.") -> str:
    """The wiki's own cheapest way that still has a salt, of four characters."""
    digest = hashlib.sha1(b"juste" + salt).digest()  # noqa: S324  as the wiki has it
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


def _give_away(path: Path) -> None:
    for each in (path, *path.rglob("*")):
        shutil.chown(each, "www-data", "www-data")
