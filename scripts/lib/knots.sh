# Fetches Debian's bitcoin-knots and unpacks it into .knots/ without root. Source scripts/lib/python.sh first.
KNOTS_ROOT="$PWD/.knots"

# Says why this machine cannot fetch it, or nothing when it can.
knots_obstacle() {
  [ -x "$KNOTS_ROOT/bitcoind" ] && return
  command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || { echo "this machine has no apt"; return; }
  [ -f /usr/share/keyrings/debian-archive-keyring.gpg ] || { echo "this machine does not know Debian's signing keys"; return; }
  [ -n "$(debian_mirror)" ] || echo "this machine's apt knows no Debian mirror"
}

# Debian's newest build wants a newer libc than most machines have, so it runs through the loader that it came with.
ensure_knots() {
  [ -x "$KNOTS_ROOT/bitcoind" ] && "$KNOTS_ROOT/bitcoind" -version >/dev/null 2>&1 && return
  local work="$KNOTS_ROOT/apt" root="$KNOTS_ROOT/root" package loader libraries program
  say "bitcoin-knots from Debian's own packages, into .knots/ (26 MB, about 20 s)"
  rm -rf "$KNOTS_ROOT"
  mkdir -p "$root"
  (
    private_apt "$work" "$(debian_mirror)" sid
    apt-get -qq update
    apt-get -qq -y --no-install-recommends --download-only install bitcoin-knots >/dev/null
  )
  for package in "$work"/cache/archives/*.deb; do
    case "$package" in */systemd_* | */debconf_* | *gconv*) ;; *) dpkg -x "$package" "$root" ;; esac
  done
  loader="$(find "$root/usr/lib" "$root/usr/lib64" -name 'ld-linux-*.so.*' 2>/dev/null | head -n 1)"
  [ -n "$loader" ] || die "The packages of bitcoin-knots hold no loader. Remove .knots and run this again."
  libraries="$(dirname "$(find "$root/usr/lib" -name 'libc.so.6' | head -n 1)")"
  for program in bitcoind bitcoin-cli; do
    printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s/usr/bin/%s" "$@"\n' "$loader" "$libraries" "$root" "$program" > "$KNOTS_ROOT/$program"
    chmod +x "$KNOTS_ROOT/$program"
  done
  rm -rf "$work"
  "$KNOTS_ROOT/bitcoind" -version >/dev/null || die "The unpacked bitcoind does not run on this machine."
}
