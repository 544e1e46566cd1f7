#!/usr/bin/env bash
# Fetches the real counterparts that tests/live talks to, where they are not here yet: `counterparts.sh ray boinc`.
# Exits with 3 and says why where this machine cannot have one.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/python.sh
. scripts/lib/python.sh
# shellcheck source=scripts/lib/ray.sh
. scripts/lib/ray.sh
# shellcheck source=scripts/lib/boinc.sh
. scripts/lib/boinc.sh

say() { printf '\033[33m▸\033[0m %s\n' "$*" >&2; }

for wanted in "$@"; do
  OBSTACLE="$("${wanted}_obstacle")"
  if [ -n "$OBSTACLE" ]; then
    echo "$OBSTACLE"
    exit 3
  fi
  "ensure_$wanted"
done
