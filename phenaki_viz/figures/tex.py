"""Plain text for LaTeX: every sign as itself, whatever it means there."""

TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
       "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
       **{sign: f"\\{sign}" for sign in "&%$#_{}"}}  # fmt: skip
# Signs of ours that pdfLaTeX has in mathematics alone.
MATHS = {"−": "-", "×": r"\times", "√": r"\surd", "·": r"\cdot", "±": r"\pm", "≤": r"\leq",
         "≥": r"\geq", "‖": r"\|", "→": r"\rightarrow", "Δ": r"\Delta", "≈": r"\approx",
         "ρ": r"\rho", "σ": r"\sigma", "∞": r"\infty"}  # fmt: skip
_SIGNS = TEX | {sign: f"\\ensuremath{{{said}}}" for sign, said in MATHS.items()}


def tex(text: str) -> str:
    """Text that LaTeX sets letter by letter: nothing in it is a command."""
    return "".join(_SIGNS.get(sign, sign) for sign in text)
