# Fetches Ray into .venv-ray/, an interpreter of its own: nothing else of ours imports it. Source scripts/lib/python.sh first.
RAY_VERSION=2.60.0

# Says why this machine cannot have it, or nothing when it can: Ray has wheels for glibc only.
ray_obstacle() {
  [ -x .venv-ray/bin/ray ] && return
  case "$(uname -sm)" in "Linux x86_64" | "Linux aarch64" | "Darwin arm64") ;; *) echo "there is no Ray for this machine" ;; esac
}

ensure_ray() {
  [ -x .venv-ray/bin/ray ] && .venv-ray/bin/python -c "import ray, sys; sys.exit(ray.__version__ != '$RAY_VERSION')" 2>/dev/null && return
  say "Ray $RAY_VERSION for the tests of its jobs, into .venv-ray/ (80 MB, about 30 s)"
  ensure_uv
  "$UV" venv -q --clear --python .venv-engine/bin/python .venv-ray
  "$UV" pip install -q --compile-bytecode --python .venv-ray/bin/python "ray[default]==$RAY_VERSION"
}
