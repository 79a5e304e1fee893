#!/usr/bin/env bash
# A real, unmodified Medusa shop on loopback: PostgreSQL from Debian, Medusa from npm.
#
#   .ci/medusa.sh start   install what is missing, migrate, start, wait until healthy; print the shop's environment
#   .ci/medusa.sh env     print the environment of the shop that runs
#   .ci/medusa.sh stop    end both servers and forget their data
#
# Sourced, it offers the same as the functions medusa_start, medusa_env and medusa_stop:
#
#   . .ci/medusa.sh; trap medusa_stop EXIT; medusa_start; eval "$(medusa_env)"
#
# Settings: MEDUSA_RUN, the folder of one running shop, which must not exist yet and is removed by stop (every shop
# has its own ports, so several may run); MEDUSA_CACHE, where npm packages are kept between runs.
# It works as root on a bare Debian; without root, PostgreSQL, curl and npm must be there already.

medusa_shop=$(cd "$(dirname "${BASH_SOURCE[0]}")/../e2e/medusa/shop" && pwd)
medusa_run=${MEDUSA_RUN:-/tmp/postern-medusa-$(id -u)}
medusa_email=admin@shop.example
medusa_password=postern-e2e

medusa_say() { printf 'medusa: %s\n' "$*" >&2; }

# The Node and the npm that are taken from npm where the machine has none that fits.
medusa_node_version=22.23.3
medusa_npm_version=10.9.9

# medusa_debian installs the Debian packages that are named; none is no error.
medusa_debian() {
  [ $# -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    medusa_say "missing: $*; install them or run as root"
    return 1
  fi
  medusa_say "installing $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >&2 && apt-get install -q -y --no-install-recommends "$@" >&2
}

# medusa_packages sees to every program that the shop needs. It may change PATH.
medusa_packages() {
  local want=()
  medusa_pgbin >/dev/null || want+=(postgresql)
  command -v curl >/dev/null || want+=(curl)
  medusa_debian "${want[@]}" && medusa_node
}

# medusa_node_fits reports whether node is of the range in Medusa's own package.json, and npm takes the lock as it is.
medusa_node_fits() {
  command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number)
    process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' 2>/dev/null &&
    [ "$(npm --version 2>/dev/null | cut -d. -f1)" -ge 10 ] 2>/dev/null
}

# medusa_node sees to a node and an npm that fit. Debian 12 has neither (18 and 9), so there its npm is used once, to
# take both from npm into the cache; from then on PATH begins with them.
medusa_node() {
  local dir arch
  medusa_node_fits && return
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) medusa_say "install Node 22 and its npm: there is none on npm for $(uname -m)"; return 1 ;;
  esac
  dir=$(medusa_cache)/node-$medusa_node_version-npm-$medusa_npm_version-$arch
  if [ ! -d "$dir" ]; then
    command -v npm >/dev/null || medusa_debian npm || return 1
    # Not the package node: it is a script that fetches this one.
    medusa_folder "$dir" medusa_npm "node-linux-$arch@$medusa_node_version" "npm@$medusa_npm_version" || return 1
  fi
  PATH=$dir/node_modules/.bin:$PATH
  medusa_node_fits || {
    medusa_say "the Node in $dir does not run: remove the folder, or install Node 22 and its npm"
    return 1
  }
}

medusa_cache() { echo "${MEDUSA_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/postern}"; }

# medusa_folder makes a folder by running a command in it. The folder appears whole or not at all, so that an install
# that was cut off is never used.
medusa_folder() {
  local dir=$1 part
  shift
  mkdir -p "${dir%/*}" && part=$(mktemp -d "$dir.XXXXXX") || return 1
  medusa_say "installing npm packages into $dir"
  if ! (cd "$part" && "$@" >&2); then
    medusa_say "the install failed"
    rm -rf "$part"
    return 1
  fi
  chmod 755 "$part"
  mv -T "$part" "$dir" 2>/dev/null || rm -rf "$part" # another run was first
}

# medusa_npm installs npm packages into the working folder. None of them needs its install script.
medusa_npm() { npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error "$@"; }

# medusa_pgbin prints the folder of the newest PostgreSQL server that is installed.
medusa_pgbin() {
  local dir
  dir=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  [ -n "$dir" ] && [ -x "$dir/initdb" ] && echo "$dir"
}

# medusa_as_postgres runs a command as a user that PostgreSQL accepts: it refuses to run as root.
medusa_as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    (cd / && exec runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

# medusa_install puts the locked npm packages into the cache and prints the folder.
medusa_install() {
  local hash dir
  hash=$(sha256sum "$medusa_shop/package-lock.json" | cut -c1-16) || return 1
  dir=$(medusa_cache)/medusa-$hash
  [ -d "$dir" ] || medusa_folder "$dir" medusa_locked || return 1
  echo "$dir"
}

# medusa_locked installs what a lock names, by default that of the shop, into the working folder. Not npm ci: it refuses
# a lock that lacks the optional packages of other platforms, which not every registry serves. npm install takes the
# versions and checks the integrity of this lock just as well.
medusa_locked() {
  local from=${1:-$medusa_shop}
  cp "$from/package.json" "$from/package-lock.json" . && medusa_npm || return 1
  cmp -s package-lock.json "$from/package-lock.json" || {
    medusa_say "the lock does not fit package.json: make it anew (e2e/medusa/README.md)"
    return 1
  }
}

medusa_free_port() {
  node -e 'const s = require("net").createServer()
    s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'
}

# medusa_database starts a private cluster in the run folder. It gives durability away: it lives as long as the run.
medusa_database() {
  local bin port data=$medusa_run/pg
  bin=$(medusa_pgbin) && port=$(medusa_free_port) || return 1
  mkdir -p "$data" || return 1
  [ "$(id -u)" -ne 0 ] || chown postgres: "$data" || return 1
  medusa_as_postgres "$bin/initdb" -D "$data/data" -U medusa --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
    --no-sync >"$medusa_run/initdb.log" 2>&1 || { cat "$medusa_run/initdb.log" >&2; return 1; }
  medusa_as_postgres "$bin/pg_ctl" -D "$data/data" -l "$data/log" -w -t 300 -o \
    "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$data -c fsync=off -c synchronous_commit=off -c full_page_writes=off" \
    start >/dev/null || { medusa_say "PostgreSQL did not start: $(medusa_as_postgres tail -n 20 "$data/log")"; return 1; }
  medusa_as_postgres "$bin/createdb" -h 127.0.0.1 -p "$port" -U medusa shop || return 1
  echo "postgres://medusa@127.0.0.1:$port/shop" >"$medusa_run/database"
}

# medusa_cli runs Medusa's own command in the shop's folder.
medusa_cli() {
  (
    cd "$medusa_run/shop" || exit 1
    export NODE_ENV=production MEDUSA_DISABLE_TELEMETRY=1 DATABASE_URL
    DATABASE_URL=$(cat "$medusa_run/database")
    export JWT_SECRET=postern-e2e-jwt COOKIE_SECRET=postern-e2e-cookie
    exec "$@" </dev/null
  )
}

medusa_start() {
  local packages port url pid started=$SECONDS
  if [ -e "$medusa_run/env" ] && medusa_healthy "$(sed -n 's/^export MEDUSA_URL=//p' "$medusa_run/env")"; then
    medusa_say "already running"
    return 0
  fi
  medusa_packages && packages=$(medusa_install) || return 1
  medusa_stop
  mkdir "$medusa_run" && touch "$medusa_run/.postern" && mkdir "$medusa_run/shop" && chmod 755 "$medusa_run" || return 1
  cp "$medusa_shop/package.json" "$medusa_shop/medusa-config.js" "$medusa_run/shop/" || return 1
  ln -s "$packages/node_modules" "$medusa_run/shop/node_modules" || return 1
  medusa_say "starting PostgreSQL"
  medusa_database || return 1
  medusa_say "migrating"
  medusa_cli node_modules/.bin/medusa db:migrate --execute-safe-links --execute-safe-search \
    >"$medusa_run/migrate.log" 2>&1 || { tail -n 40 "$medusa_run/migrate.log" >&2; return 1; }
  medusa_cli node_modules/.bin/medusa user -e "$medusa_email" -p "$medusa_password" \
    >"$medusa_run/user.log" 2>&1 || { tail -n 40 "$medusa_run/user.log" >&2; return 1; }
  port=$(medusa_free_port) || return 1
  url=http://127.0.0.1:$port
  medusa_say "starting on $url"
  medusa_cli setsid bash -c 'echo $$ >"$0"; exec "$@"' "$medusa_run/pid" \
    node_modules/.bin/medusa start --host 127.0.0.1 --port "$port" >"$medusa_run/medusa.log" 2>&1 &
  pid=$!
  for _ in $(seq 600); do
    if medusa_healthy "$url"; then
      printf 'export %s=%s\n' MEDUSA_URL "$url" MEDUSA_EMAIL "$medusa_email" MEDUSA_PASSWORD "$medusa_password" \
        MEDUSA_DATABASE_URL "$(cat "$medusa_run/database")" MEDUSA_LOG "$medusa_run/medusa.log" >"$medusa_run/env"
      medusa_say "ready after $((SECONDS - started)) s"
      return 0
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.5
  done
  medusa_say "did not become healthy; the end of its log:"
  tail -n 40 "$medusa_run/medusa.log" >&2
  return 1
}

medusa_healthy() { [ -n "$1" ] && curl -fsS -m 5 -o /dev/null "$1/health" 2>/dev/null; }

medusa_env() {
  cat "$medusa_run/env" 2>/dev/null || { medusa_say "no shop runs from $medusa_run"; return 1; }
}

# medusa_stop ends what this run folder started, and only that. A second call does nothing.
medusa_stop() {
  local pid bin
  [ -e "$medusa_run/.postern" ] || return 0
  if pid=$(cat "$medusa_run/pid" 2>/dev/null); then
    # setsid made it the leader of its own process group; the check spares a stranger that got the number since.
    if grep -qs medusa "/proc/$pid/cmdline"; then
      kill -TERM -- "-$pid" 2>/dev/null || true
      for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
      kill -KILL -- "-$pid" 2>/dev/null || true
    fi
  fi
  if [ -d "$medusa_run/pg/data" ] && bin=$(medusa_pgbin); then
    medusa_as_postgres "$bin/pg_ctl" -D "$medusa_run/pg/data" -m immediate -w stop >/dev/null 2>&1 || true
  fi
  rm -rf "$medusa_run"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -u
  case "${1:-}" in
    start) medusa_start && medusa_env || { medusa_stop; exit 1; } ;;
    env) medusa_env ;;
    stop) medusa_stop ;;
    *) sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
fi
