"""docs/interop.md: what was tried with whom, and how it went."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/interop.md"
STACKS = {"chromium": "Chromium", "firefox": "Firefox ESR", "aiortc": "aiortc"}
ROLES = ["they offer", "we offer"]
HEAD = """# Interoperation

What the tests in `e2e/interop` try between this library and other stacks: `./dev test` runs them and writes this page. A cell is one or more
tests in which messages are compared byte by byte, pictures are counted as they are shown or decoded, and sound is measured.
"✓" is passed, "✗" is failed, "–" is what the other side cannot do.

"""


class Report:
    """Collects results by test, stack and role."""

    def __init__(self):
        self.results = {}
        self.versions = {}

    def note(self, name, stack, role, passed):
        cell = self.results.setdefault(name, {}).setdefault((stack, role), [])
        cell.append(passed)

    def is_whole(self):
        """Whether every test ran: part of them would make a page that claims too little."""
        return len(self.results) >= 9 and all(
            (stack, role) in self.results.get("channels of every kind carry text and bytes both ways", {})
            for stack in STACKS for role in ROLES)

    def write(self):
        stacks = ", ".join(f"{STACKS[name]} {self.versions.get(name, '')}".strip() for name in STACKS)
        lines = [HEAD, f"Tried with {stacks}.\n\n"]
        columns = [(stack, role) for stack in STACKS for role in ROLES]
        lines.append("| | " + " | ".join(f"{STACKS[stack]}, {role}" for stack, role in columns) + " |\n")
        lines.append("|---|" + "---|" * len(columns) + "\n")
        for name, cells in self.results.items():
            marks = []
            for column in columns:
                results = cells.get(column)
                marks.append("–" if results is None else "✓" if all(results) else "✗")
            lines.append(f"| {name} | " + " | ".join(marks) + " |\n")
        PAGE.write_text("".join(lines), encoding="utf-8")
