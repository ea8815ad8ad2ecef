"""Numbers with what they count: one row is, two rows are, 3.5 MiB. For every floor."""


def counted(number: int, what: str) -> str:
    """'1 key', '1,200 keys', '2 queries'."""
    many = "queries" if what == "query" else f"{what}s"
    return f"{number:,} {what if number == 1 else many}"


def subject(number: int, what: str, verb: str, verbs: str) -> str:
    """'1 row is', '3 rows are'. verb, verbs: of one, and of several."""
    return f"{counted(number, what)} {verb if number == 1 else verbs}"


def over_limit(size: int, limit: int) -> tuple[str, str]:
    """('513.5 MiB', '512 MiB'): bytes, and a limit that they are over, in a unit that tells so."""
    for unit, many in (("MiB", 2**20), ("KiB", 2**10)):
        found, most = (f"{n / many:,.1f}".removesuffix(".0") + f" {unit}" for n in (size, limit))
        if found != most and limit >= many:
            return found, most
    return f"{size:,} bytes", f"{limit:,} bytes"
