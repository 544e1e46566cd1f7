"""The tree of errors; each names the translation the face shows and the figures that go into it."""


class HashwarmError(Exception):
    """Anything that went wrong in a way a person can be told about.

    `key` is the translation key at the face, `placeholders` the figures in its text.
    """

    key = "unknown"

    def __init__(self, message: str = "", **placeholders: str) -> None:
        super().__init__(message or self.key)
        self.placeholders = placeholders


class InvalidValueError(HashwarmError):
    """A value from a person, a sensor or a peer is outside what it can be."""

    key = "invalid_value"


class TemplateError(InvalidValueError):
    """What was asked of a job template cannot be; `key` says what is wrong with it."""

    def __init__(self, key: str, **placeholders: str) -> None:
        super().__init__(f"{key} {placeholders}", **placeholders)
        self.key = key


class BackendError(HashwarmError):
    """The device that heats failed."""

    key = "backend_failed"


class DeviceUnreachableError(BackendError):
    """The device did not answer."""

    key = "device_unreachable"


class DeviceGoneError(DeviceUnreachableError):
    """What the device was reached by does not exist any more."""

    key = "controlled_entity_gone"


class DeviceRefusedError(BackendError):
    """The device answered and said no."""

    key = "device_refused"


class DeviceAuthError(BackendError):
    """The device wants another user name or password."""

    key = "invalid_auth"


class DeviceLockedError(BackendError):
    """The device lets nobody change it until its owner allows it there."""

    key = "device_locked"


class DeviceGarbageError(BackendError):
    """The device answered what its protocol does not know."""

    key = "device_garbage"


class DeviceUnsupportedError(BackendError):
    """No driver knows the device, or it cannot do what was asked."""

    key = "device_unsupported"


class WorkerError(BackendError):
    """The hashing child could not be started or kept running."""

    key = "worker_failed"


class WorkerBusyError(WorkerError):
    """Another hashing child runs on this host already."""

    key = "worker_busy"


class KernelError(WorkerError):
    """A kernel is missing, changed or computes wrongly."""

    key = "kernel_refused"


class PoolError(HashwarmError):
    """A mining pool failed."""

    key = "pool_failed"


class PoolUnreachableError(PoolError):
    """No connection to the pool."""

    key = "pool_unreachable"


class PoolSilentError(PoolError):
    """The pool accepted the connection and then said nothing in time."""

    key = "pool_silent"


class PoolRefusedError(PoolError):
    """The pool refused the user name or password."""

    key = "pool_refused"


class PoolGarbageError(PoolError):
    """The pool sent what is no Stratum."""

    key = "pool_garbage"


class StoreError(HashwarmError):
    """The ledger's file failed."""

    key = "store_failed"


class StoreUnavailableError(StoreError):
    """The file cannot be written now: full or read-only disk, locked or gone."""

    key = "store_unavailable"


class StoreDamagedError(StoreError):
    """The file is damaged."""

    key = "store_damaged"


class SourceError(HashwarmError):
    """A market or price source failed."""

    key = "source_failed"


class AccountUnknownError(SourceError):
    """The pool knows no such account, or has not seen a share of it yet."""

    key = "account_unknown"


class AccountRefusedError(SourceError):
    """The pool wants another key, or the key may not do what is asked."""

    key = "account_refused"


class AddressError(InvalidValueError):
    """What was given is no address of this network; the key tells what is wrong with it."""

    key = "address_invalid"


class AddressChecksumError(AddressError):
    """The address was typed wrong: a character that cannot be there, or a checksum that does not fit."""

    key = "address_checksum"


class AddressNetworkError(AddressError):
    """An address of another network, named in the placeholder `network`."""

    key = "address_network"


class AddressLightningError(AddressError):
    """A Lightning invoice or address, where one on the chain is wanted."""

    key = "address_lightning"


class ExecutorError(HashwarmError):
    """What runs AI jobs failed."""

    key = "executor_failed"


class ExecutorUnreachableError(ExecutorError):
    """It did not answer."""

    key = "executor_unreachable"


class ExecutorAuthError(ExecutorError):
    """It wants another token or password."""

    key = "executor_auth"


class ExecutorRefusedError(ExecutorError):
    """It answered and said no."""

    key = "executor_refused"


class CommandTooLongError(ExecutorRefusedError):
    """The system starts no program with so many or so long arguments."""

    key = "command_too_long"


class JobFolderClosedError(ExecutorRefusedError):
    """Whom jobs run as cannot reach the folder that they work in."""

    key = "job_folder_closed"


class JobError(HashwarmError):
    """What was asked of a job cannot be."""

    key = "job_failed"


class UnknownJobError(JobError):
    """There is no such job."""

    key = "unknown_job"


class JobStateError(JobError):
    """The job is in a state in which that cannot be; the placeholder `state` names it."""

    key = "wrong_state"


class QueueFullError(JobError):
    """More jobs wait than anybody has use for."""

    key = "queue_full"
