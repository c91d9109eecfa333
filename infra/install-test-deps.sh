#!/usr/bin/env bash
# Installs what the tests need beside Python: the programs of a PostgreSQL server, and Chromium. The
# tests start a server of their own from them, so no cluster is made and none is started.
# Quiet where they are there already.
set -euo pipefail

has_postgresql() {
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

has_chromium() {
    command -v chromium >/dev/null
}

stop() {
    echo "infra/install-test-deps.sh: $1" >&2
    exit 1
}

has_postgresql && has_chromium && exit 0

command -v apt-get >/dev/null ||
    stop "no apt-get here; install PostgreSQL's server and Chromium and put initdb on the PATH"

as_root=()
if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || stop "needs root or sudo; run: apt-get install postgresql chromium"
    as_root=(sudo)
    [[ -t 0 ]] || as_root=(sudo --non-interactive)
fi

echo "installing PostgreSQL's server programs and Chromium for the tests" >&2
config=/etc/postgresql-common/createcluster.d
"${as_root[@]}" mkdir -p "$config"
"${as_root[@]}" tee "$config/cratewatch-tests.conf" >/dev/null <<<"create_main_cluster = false"
install=(env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends
    postgresql chromium)
if ! log=$("${as_root[@]}" apt-get update -qq 2>&1 && "${as_root[@]}" "${install[@]}" 2>&1); then
    echo "$log" >&2
    stop "apt-get failed (above); run: apt-get install postgresql chromium"
fi
has_postgresql || stop "postgresql was installed, but there is no initdb below /usr/lib/postgresql"
has_chromium || stop "chromium was installed, but it is not on the PATH"
