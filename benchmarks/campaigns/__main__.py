"""python -m benchmarks.campaigns: race and kill campaigns over the life of a schema."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.campaigns.bugs import BUGS
from benchmarks.campaigns.crew import Crew
from benchmarks.campaigns.findings import Figures
from benchmarks.campaigns.migrating import Migrating
from benchmarks.campaigns.play import play
from benchmarks.campaigns.renaming import Renaming
from benchmarks.campaigns.restoring import Restoring
from benchmarks.campaigns.rounds import Outcome
from benchmarks.campaigns.stage import Campaign

CAMPAIGNS: dict[str, type[Campaign]] = {
    "migrate": Migrating,
    "rename": Renaming,
    "restore": Restoring,
}


def main() -> int:
    """Play what was asked and print the figures; 1 when anything was found broken."""
    asked = _arguments()
    console = Console(width=None if Console().is_terminal else 200)
    names = list(CAMPAIGNS) if asked.campaign == "all" else [asked.campaign]
    figures: list[Figures] = []
    seeds = range(asked.seed, asked.seed + asked.rounds)
    with Crew(asked.out / "crew", size=3 * asked.lanes) as crew:
        for name in names:
            listener = partial(_tell, console, name)
            campaign, out, lanes = CAMPAIGNS[name](), asked.out, asked.lanes
            found = play(campaign, seeds, out, crew, lanes=lanes, bug=asked.bug, listener=listener)
            figures.append(found)
    console.print(_table(figures))
    if asked.json:
        asked.json.write_text(json.dumps([one.values for one in figures], indent=2) + "\n")
    return int(any(one.found for one in figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.campaigns", description=__doc__)
    parser.add_argument("campaign", choices=[*CAMPAIGNS, "all"], nargs="?", default="all")
    parser.add_argument("--rounds", type=int, default=500, help="rounds of each campaign")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; then one more")
    parser.add_argument("--out", type=Path, default=Path(".campaigns"), help="folder of the rounds")
    parser.add_argument("--lanes", type=int, default=2, help="rounds that run side by side")
    parser.add_argument("--bug", choices=["", *BUGS], default="", help="a seeded bug to find")
    parser.add_argument("--json", type=Path, help="write the figures as JSON")
    return parser.parse_args()


def _tell(console: Console, name: str, outcome: Outcome) -> None:
    if not outcome.findings:
        console.print(f"{name} {outcome.seed}: kills {outcome.kills}, stops {outcome.stops}")
        return
    console.print(f"{name} {outcome.seed}: BROKEN, kept in {outcome.folder}")
    for finding in outcome.findings:
        console.print(f"  {finding}", markup=False)
    console.print(
        f"  again: python -m benchmarks.campaigns {name} --rounds 1 --seed {outcome.seed}"
    )


def _table(figures: list[Figures]) -> Table:
    table = Table(title="race and kill campaigns", title_justify="left")
    for number, header in enumerate(figures[0].values):
        table.add_column(header, justify="right" if number else "left")
    for one in figures:
        table.add_row(*(str(value) for value in one.values.values()))
    return table


if __name__ == "__main__":
    sys.exit(main())
