"""What a job finds in its environment: little of ours, what the contract names, and what the person gave it."""

from collections.abc import Callable, Mapping

from ..model.errors import ExecutorRefusedError
from .executor import Launch

type Secrets = Callable[[str], str | None]
"""A secret by its name."""

SECRET = "!secret "  # noqa: S105 - how a secret is referred to, as in Home Assistant's own files
JOB_PATH = "/usr/local/bin:/usr/bin:/bin"
"""Where a program is looked for."""


def environment(launch: Launch, *, checkpoints: str, home: str, secrets: Secrets) -> dict[str, str]:
    """Return the whole environment of a job. Errors: ExecutorRefusedError for a secret that there is none of."""
    return {
        "PATH": JOB_PATH,
        "LANG": "C.UTF-8",
        "HOME": home,
        **resolved(launch.spec.environment, secrets),
        **contract(launch, checkpoints),
    }


def contract(launch: Launch, checkpoints: str) -> dict[str, str]:
    """Return what every job is told, wherever it runs."""
    return {
        "HASHWARM_JOB_ID": launch.job_id,
        "HASHWARM_ATTEMPT": str(launch.attempt),
        "HASHWARM_CHECKPOINT_DIR": checkpoints,
    }


def resolved(given: Mapping[str, str], secrets: Secrets) -> dict[str, str]:
    """Return a person's variables with secrets in place of their names. Errors: ExecutorRefusedError."""
    return {name: _resolved(value, secrets) for name, value in given.items()}


def _resolved(value: str, secrets: Secrets) -> str:
    if not value.startswith(SECRET):
        return value
    name = value.removeprefix(SECRET).strip()
    secret = secrets(name)
    if secret is None:
        raise ExecutorRefusedError(f"there is no secret {name[:40]}")
    return secret


def no_secret(name: str) -> str | None:
    """Know no secrets."""
    return None
