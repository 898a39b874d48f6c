#!/bin/sh
# session-limit.sh on PLATFORM LIMIT | off PLATFORM: the limit that entcore's auth module is told at its next reading.
# As often as one likes; `off` puts back the limit that stood there before the first `on`. 0 is no limit.
# The file is session/limit beside this script, and one line of it such as: "mon-ent": 40000
set -eu
cd "$(dirname "$0")"
platform=${2:?expected: session-limit.sh on PLATFORM LIMIT, or off PLATFORM}
limits=session/limit
before=session/$platform.before

now() {
    sed -n "s/.*\"$platform\"[[:space:]]*:[[:space:]]*\([0-9][0-9]*\).*/\1/p" "$limits"
}
put() { # in one move: whoever reads meanwhile gets the old file or the new one
    sed "s/\(\"$platform\"[[:space:]]*:[[:space:]]*\)[0-9][0-9]*/\1$1/" "$limits" >"$limits.new"
    mv "$limits.new" "$limits"
}

case $1 in
on)
    limit=${3:?expected: session-limit.sh on PLATFORM LIMIT}
    case $limit in *[!0-9]*) echo "$limit is no number of sessions" >&2; exit 2 ;; esac
    if [ -z "$(now)" ]; then
        echo "$limits has no limit of $platform" >&2
        exit 2
    fi
    if [ ! -f "$before" ]; then
        now >"$before.new"
        mv "$before.new" "$before"
    fi
    put "$limit"
    ;;
off)
    if [ -f "$before" ]; then
        put "$(cat "$before")"
        rm "$before"
    fi
    ;;
*)
    echo "expected: session-limit.sh on PLATFORM LIMIT, or off PLATFORM" >&2
    exit 2
    ;;
esac
