#!/bin/sh
# setting.sh on NAME VALUE | off NAME: a setting of Moodle's, from the folder of Moodle.
# As often as one likes; `off` puts back what stood there before the first `on`, which is kept beside this script.
# PHP is the command that runs Moodle's scripts (PHP="sudo -u www-data php").
set -eu
php=${PHP:-php}
name=${2:?expected: setting.sh on NAME VALUE, or off NAME}
before=$(dirname "$0")/$name.before

cfg() {
    $php admin/cli/cfg.php --name="$name" "$@"
}

case $1 in
on)
    value=${3:?expected: setting.sh on NAME VALUE}
    if [ ! -f "$before" ]; then
        code=0
        found=$(cfg --no-eol 2>/dev/null) || code=$?
        case $code in
        0) printf 'set %s\n' "$found" >"$before.new" ;;
        3) printf 'unset\n' >"$before.new" ;; # Moodle's answer for a setting that nobody has made
        *) cfg; exit 1 ;;
        esac
        mv "$before.new" "$before"
    fi
    cfg --set="$value"
    ;;
off)
    if [ -f "$before" ]; then
        read -r how found <"$before" || true
        if [ "$how" = set ]; then cfg --set="$found"; else cfg --unset; fi
        rm "$before"
    fi
    ;;
*)
    echo "expected: setting.sh on NAME VALUE, or off NAME" >&2
    exit 2
    ;;
esac
