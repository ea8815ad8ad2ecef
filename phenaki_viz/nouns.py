"""Numbers with the nouns that they count: one row is, two rows are. For every floor."""


def counted(number: int, what: str) -> str:
    """'1 key', '1,200 keys', '2 queries'."""
    many = "queries" if what == "query" else f"{what}s"
    return f"{number:,} {what if number == 1 else many}"


def subject(number: int, what: str, verb: str, verbs: str) -> str:
    """'1 row is', '3 rows are'. verb, verbs: of one, and of several."""
    return f"{counted(number, what)} {verb if number == 1 else verbs}"
