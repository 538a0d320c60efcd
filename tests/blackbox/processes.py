"""What /proc tells about a process."""

from pathlib import Path


def children(pid: int) -> list[int]:
    """The process ids of the children of `pid`; none if it is gone."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def family(pid: int) -> list[int]:
    """`pid`, its children, and theirs."""
    return [pid, *(descendant for child in children(pid) for descendant in family(child))]


def title(pid: int) -> str:
    """The command line as ps shows it; "" if the process is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def alive(pid: int) -> bool:
    """Whether the process exists and is not just waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def resident(pid: int) -> int:
    """Bytes of memory in use (VmRSS)."""
    return _status_kilobytes(pid, "VmRSS") * 1024


def open_files(pid: int) -> int:
    """How many file descriptors are open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _status_kilobytes(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0])
    raise LookupError(f"no {field} for process {pid}")
