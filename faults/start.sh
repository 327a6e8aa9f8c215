#!/bin/sh
# Starts the command with a disk that can be full: a small one in memory, which only this run sees and which ends with
# it. As anybody: who is not root gets the right to mount in a namespace of their own. Where the system allows neither,
# the faults that need it say that they were not run.
disk="${TMPDIR:-/tmp}/apicechat-faults-disk"
program="$(dirname "$0")/../dist/faults/main.js"
mounted='mount -t tmpfs -o size=128m,mode=1777 tmpfs "$0" && export FAULTS_SMALL_DISK="$0"'

if [ "$(uname -s)" = Linux ] && mkdir -p "$disk" 2>/dev/null; then
  if [ "$(id -u)" = 0 ]; then
    if unshare -m sh -c "$mounted" "$disk" 2>/dev/null; then
      exec unshare -m sh -c "$mounted && exec \"\$@\"" "$disk" node "$program" "$@"
    fi
  # PostgreSQL does not run as root: once it is mounted, everybody is who they were.
  elif unshare -rm sh -c "$mounted && unshare -U --map-user=1 true" "$disk" 2>/dev/null; then
    exec unshare -rm sh -c "$mounted && exec unshare -U --map-user=$(id -u) --map-group=$(id -g) \"\$@\"" \
      "$disk" node "$program" "$@"
  fi
fi
exec node "$program" "$@"
