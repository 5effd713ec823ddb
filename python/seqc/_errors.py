# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the runtime: one class per kind of failure, all with the status of the C API."""
import enum


class Status(enum.IntEnum):
    """Mirrors seqc_rt_status_t."""
    OK = 0
    INVALID_ARGUMENT = 1
    NOT_FOUND = 2
    IO_ERROR = 3
    BAD_PACKAGE = 4
    DIGEST_MISMATCH = 5
    UNSUPPORTED = 6
    OUT_OF_MEMORY = 7
    TENSOR_MISMATCH = 8
    CONSTRAINT_VIOLATED = 9
    SIZE_OVERFLOW = 10
    DEVICE_ERROR = 11


class SeqcError(RuntimeError):
    """A failure of the runtime. `status` says which kind."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class ArgumentError(SeqcError, ValueError):
    """Arguments that do not fit the function: count, dtype, shape, strides, device, sizes."""


class NotFoundError(SeqcError, LookupError):
    """No such file, or no such function."""


class PackageError(SeqcError):
    """The package is damaged, or this machine cannot run it."""


class OutOfMemoryError(SeqcError, MemoryError):
    """Memory ran out."""


_CLASSES = {
    Status.INVALID_ARGUMENT: ArgumentError, Status.TENSOR_MISMATCH: ArgumentError, Status.CONSTRAINT_VIOLATED: ArgumentError,
    Status.SIZE_OVERFLOW: ArgumentError, Status.NOT_FOUND: NotFoundError, Status.BAD_PACKAGE: PackageError,
    Status.DIGEST_MISMATCH: PackageError, Status.UNSUPPORTED: PackageError, Status.OUT_OF_MEMORY: OutOfMemoryError,
}


def check(rt, status):
    """Raises the exception of a failed call of runtime `rt`."""
    if status != Status.OK:
        message = rt.last_error().decode("utf-8", "replace")
        raise _CLASSES.get(status, SeqcError)(Status(status), message)
