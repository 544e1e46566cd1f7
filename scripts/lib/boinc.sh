# Fetches Debian's boinc-client and unpacks it into .boinc/ without root. Source scripts/lib/python.sh first.
BOINC_ROOT="$PWD/.boinc"

# Says why this machine cannot fetch it, or nothing when it can.
boinc_obstacle() {
  [ -x "$BOINC_ROOT/boinc" ] && return
  command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || { echo "this machine has no apt"; return; }
  [ -f /usr/share/keyrings/debian-archive-keyring.gpg ] || { echo "this machine does not know Debian's signing keys"; return; }
  [ -n "$(debian_mirror)" ] || echo "this machine's apt knows no Debian mirror"
}

# As bitcoin-knots does, it runs through the loader that it came with.
ensure_boinc() {
  [ -x "$BOINC_ROOT/boinc" ] && "$BOINC_ROOT/boinc" --version >/dev/null 2>&1 && return
  local work="$BOINC_ROOT/apt" root="$BOINC_ROOT/root" package loader libraries
  say "boinc-client from Debian's own packages, into .boinc/ (about 20 s)"
  rm -rf "$BOINC_ROOT"
  mkdir -p "$root"
  (
    private_apt "$work" "$(debian_mirror)" stable
    apt-get -qq update
    apt-get -qq -y --no-install-recommends --download-only install boinc-client >/dev/null
  )
  for package in "$work"/cache/archives/*.deb; do
    case "$package" in */systemd_* | */debconf_* | *gconv*) ;; *) dpkg -x "$package" "$root" ;; esac
  done
  loader="$(find "$root/usr/lib" "$root/usr/lib64" -name 'ld-linux-*.so.*' 2>/dev/null | head -n 1)"
  [ -n "$loader" ] || die "The packages of boinc-client hold no loader. Remove .boinc and run this again."
  libraries="$(dirname "$(find "$root/usr/lib" -name 'libc.so.6' | head -n 1)")"
  printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s/usr/bin/boinc" "$@"\n' "$loader" "$libraries" "$root" > "$BOINC_ROOT/boinc"
  chmod +x "$BOINC_ROOT/boinc"
  rm -rf "$work"
  "$BOINC_ROOT/boinc" --version >/dev/null || die "The unpacked boinc does not run on this machine."
}
