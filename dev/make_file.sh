# shellcheck shell=bash
# To be sourced: files that are made by a command from other files, and only when that is needed.
#
# With STEPSIZE_CACHE, a folder, what the same command has made from the same contents in another checkout is taken from
# there: the tests build the source distribution besides. What nobody has taken for 30 days is removed.

# fresh FILE COMMAND INPUT...: whether FILE was made by this COMMAND and no INPUT has changed since.
fresh() {
  local file=$1 command=$2
  shift 2
  [ -f "$file" ] && [ "$(cat "$file.command" 2>/dev/null)" = "$command" ] &&
    [ -z "$(find "$@" -newer "$file" -print -quit)" ]
}

# made FILE: what was made with FILE.
made() {
  local file
  for file in "$1" "${1%.o}".{swiftmodule,swiftdoc,swiftsourceinfo} "${1%.o}-Swift.h"; do
    if [ -f "$file" ]; then echo "$file"; fi
  done
}

# make_file FILE INPUT... -- COMMAND...: runs the COMMAND, which makes FILE from its INPUTs, where that is needed.
make_file() {
  local file=$1 inputs=() kept= made
  shift
  while [ "$1" != -- ]; do
    inputs+=("$1")
    shift
  done
  shift
  if fresh "$file" "$*" "${inputs[@]}"; then return; fi
  rm -f "$file.command"
  if [ -n "${STEPSIZE_CACHE:-}" ]; then
    kept=$STEPSIZE_CACHE/$({
      printf '%s\n' "$*"
      stat -Lc '%n %s %Y' "$(command -v "$1")"
      find "${inputs[@]}" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    } | sha256sum | cut -c 1-64)
  fi
  if [ -n "$kept" ] && [ -d "$kept" ]; then
    cp "$kept"/* "$(dirname "$file")"
    touch "$kept"
  elif ! "$@" >"$file.log" 2>&1; then
    cat "$file.log" >&2
    return 1
  elif [ -n "$kept" ]; then
    mkdir -p "$kept.$$"
    mapfile -t made < <(made "$file")
    # Where another has been faster, its files are as good.
    cp "${made[@]}" "$kept.$$" && mv -T "$kept.$$" "$kept" 2>/dev/null || rm -rf "$kept.$$"
    find "$STEPSIZE_CACHE" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
  fi
  printf '%s\n' "$*" >"$file.command"
}
