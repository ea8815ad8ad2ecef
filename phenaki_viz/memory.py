"""Whether an error says that memory is lacking: Python's own, or PyTorch's of either kind."""


def lacks_memory(error: BaseException) -> bool:
    """True of a MemoryError, and of what PyTorch raises when it gets no more on the host or a GPU.

    On the host that is a bare RuntimeError, told from others by what it says alone.
    """
    said = str(error) if isinstance(error, RuntimeError) else ""
    return isinstance(error, MemoryError) or "allocate memory" in said or "out of memory" in said
