#!/bin/sh
# Make a virtual environment and install locked requirements and this project into it.
#
#   tools/setup.sh VENV LOCK...
#
# PYTHON names the interpreter: a command, a path or a version such as 3.12; without it the first of
# python3, python3.14 ... python3.11 that is at least 3.11. uv is used where it is installed, else venv and pip.
set -eu

venv=$1
shift

say() { echo "setup: $*" >&2; }
fail() { say "$@"; exit 2; }

fits() { # does command $1 run, and is it new enough? (a pyenv shim may exist and yet not run)
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
  case ${PYTHON:-} in
    "") set -- python3 python3.14 python3.13 python3.12 python3.11 ;;
    3.*) set -- "python$PYTHON" "$HOME/.pyenv/versions/$PYTHON".*/bin/python ;;
    *) set -- "$PYTHON" ;;
  esac
  for candidate; do
    if fits "$candidate"; then echo "$candidate"; return; fi
  done
  return 1
}

make_venv() {
  if fits "$venv/bin/python" && { [ -n "$uv" ] || "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
    return # it is there already
  fi
  if python=$(find_python); then
    with=$("$python" --version)
  elif [ -n "$uv" ]; then
    python=${PYTHON:->=3.11}
    with="Python $python, which uv has or gets"
  else
    fail "needs Python ${PYTHON:-3.11 or newer}, and found none: install it (Debian, Ubuntu:" \
      "apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python"
  fi
  if [ -n "$uv" ]; then
    say "making $venv with $with"
    uv venv --quiet --clear --python "$python" "$venv"
  elif "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    say "making $venv with $with"
    "$python" -m venv --clear "$venv"
  else
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    fail "$python has no venv module: install it (Debian, Ubuntu: apt-get install python3-venv," \
      "or python$version-venv if that Python is not the system's own), or install uv"
  fi
}

install() {
  if [ -n "$uv" ]; then
    say "installing $* with uv"
    for lock; do uv pip install --quiet --python "$venv/bin/python" --require-hashes -r "$lock"; done
    uv pip install --quiet --python "$venv/bin/python" --no-deps --editable .
  else
    say "installing $* with pip: about half a minute"
    for lock; do "$venv/bin/python" -m pip install -qq --require-hashes -r "$lock"; done
    "$venv/bin/python" -m pip install -qq --no-deps --editable .
  fi
}

uv=$(command -v uv || true)
make_venv
install "$@"
