#!/bin/sh
# One night: a run, what it wrote on the target taken back, then rotation. Its exit code is the run's, or the rotation's
# where the run passed. Started in the folder that holds runs/, by entsurge-night.service, by cron or by hand:
#   sh night.sh PROFILE TARGET RULE…       such as --keep 30 --older-than 90d --total-size 20GB --baseline runs/main
set -u
profile=$1 target=$2
shift 2
night=runs/$(date -u +%Y%m%dT%H%M%SZ)-night

entsurge run "$profile" --target "$target" --out "$night" --quiet &
run=$!
trap 'kill -TERM "$run" 2>/dev/null' TERM INT HUP # it ends in order: verdict and report of what there is
wait "$run"
code=$?
while kill -0 "$run" 2>/dev/null; do # a signal ended the waiting, not yet the run
  wait "$run"
  code=$?
done

if [ -f "$night/created.jsonl" ]; then
  entsurge cleanup "$night" --yes --quiet
fi
rotated=0
entsurge prune runs "$@" --yes --quiet || rotated=$?
[ "$code" -ne 0 ] || code=$rotated
exit "$code"
