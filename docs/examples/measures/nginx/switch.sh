#!/bin/sh
# switch.sh on|off MEASURE: puts a measure of available/ in force, or takes it out, and reloads nginx gracefully.
# As often as one likes: what is so already stays so. What nginx does not accept is not kept.
# NGINX is the command of your nginx, with its options (NGINX="sudo nginx").
set -eu
cd "$(dirname "$0")"
nginx=${NGINX:-nginx}
measure=${2:?expected: switch.sh on|off MEASURE}
available=available/$measure.conf
enabled=enabled/$measure.conf
before=$enabled.before

case $1 in
on)
    if [ ! -f "$available" ]; then
        echo "there is no $available" >&2
        exit 2
    fi
    mkdir -p enabled
    if [ -f "$enabled" ]; then cp "$enabled" "$before"; fi
    cp "$available" "$enabled"
    if ! $nginx -t -q; then
        if [ -f "$before" ]; then mv "$before" "$enabled"; else rm "$enabled"; fi
        exit 1
    fi
    rm -f "$before"
    ;;
off)
    rm -f "$enabled"
    $nginx -t -q
    ;;
*)
    echo "expected: switch.sh on|off MEASURE" >&2
    exit 2
    ;;
esac
$nginx -s reload
