"""What kernels may take of a GPU: budgets.json, read, compared and written.

Stack (AMD: scratch) and spills are 0 for every kernel, but for the file's exceptions, which have a reason. The registers of
tuned tiles and of Winograd's transforms are those that were measured; `slack` more are let pass, since compilers differ a
little from release to release.

Another program finds the registers of a launch so:

    Budgets.read().measured("sm_90", "matmul_tile", "MWG=64 NWG=64 KWG=16 MDIMC=8 NDIMC=16 VWM=4 VWN=4 DBUF=1 WARP=1")

The form is texts.form_of(the options of its build); None where it was not measured.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from tools.gpu_compilers.compile import Built, Usage

FILE = Path(__file__).parent / "budgets.json"
# The programs whose kernels have budgets of registers.
BUDGETED = re.compile(r"(matmul|convolution|winograd\d*)\.cl")
ADVICE = {
    "stack": "an array of an item is indexed by what only a run knows: unroll the loops over it, or choose by `if`",
    "spills": "its registers do not hold what it works with: fewer outputs an item, or a higher REGISTERS",
    "registers": "keep less in them; where it is meant, run tools/test-gpu-compilers --write",
    "build": "mend the kernel, or the options of its build",
    "budget": "run tools/test-gpu-compilers --write",
}


@dataclass
class Fault:
    """A budget that is exceeded."""

    where: str
    kernel: str
    what: str  # a key of ADVICE
    says: str

    def __str__(self) -> str:
        return f"{self.where}: {self.says}. {ADVICE[self.what][0].upper()}{ADVICE[self.what][1:]}."


@dataclass
class Exceptional:
    """What some kernels may take beside their registers, and why."""

    targets: str  # regular expressions
    kernels: str
    forms: str
    why: str
    stack: int = 0
    spills: int = 0

    def holds(self, target: str, kernel: str, form: str) -> bool:
        return bool(re.fullmatch(self.targets, target) and re.fullmatch(self.kernels, kernel) and re.search(self.forms, form))


@dataclass
class Budgets:
    slack: int = 0
    exceptions: list[Exceptional] = field(default_factory=list)
    # By kernel and form, then by target.
    registers: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)

    @staticmethod
    def read() -> "Budgets":
        values = json.loads(FILE.read_text())
        forms = {(form.pop("kernel"), form.pop("form")): form for form in values["registers"]}
        return Budgets(values["slack"], [Exceptional(**one) for one in values["exceptions"]], forms)

    def write(self) -> None:
        """One line a form."""
        def lines(values: list[dict]) -> str:
            return ",\n".join("    " + json.dumps(value, ensure_ascii=False) for value in values)

        forms = [{"kernel": kernel, "form": form} | measured for (kernel, form), measured in sorted(self.registers.items())]
        FILE.write_text(f'{{\n  "slack": {self.slack},\n  "exceptions": [\n{lines([vars(one) for one in self.exceptions])}\n  ],\n'
                        f'  "registers": [\n{lines(forms)}\n  ]\n}}\n')

    def measured(self, target: str, kernel: str, form: str) -> int | None:
        return self.registers.get((kernel, form), {}).get(target)

    def measure(self, built: list[Built]) -> None:
        """Takes what was built as the measure; what was built for other targets stays."""
        targets = {one.target for one in built}
        kept = {key: {target: count for target, count in form.items() if target not in targets}
                for key, form in self.registers.items()}
        for one, usage in budgeted(built):
            kept.setdefault((usage.kernel, one.text.form), {})[one.target] = usage.registers
        self.registers = {key: form for key, form in kept.items() if form}

    def faults(self, built: list[Built], is_all: bool) -> list[Fault]:
        """
        - is_all: whether everything was built, so that a form of the file that was not has gone.
        """
        found = [fault for one in built for fault in self.faults_of(one)]
        if is_all:
            seen = {(usage.kernel, one.text.form, one.target) for one, usage in budgeted(built)}
            # Where a program does not build, its forms are missed for that reason.
            lost = {one.target for one in built if one.fault}
            found += [Fault(f"budgets.json: {kernel} {form} {target}", kernel, "budget", "no program has this form any more")
                      for (kernel, form), measured in self.registers.items() for target in measured
                      if (kernel, form, target) not in seen and target not in lost]
        return found

    def faults_of(self, one: Built) -> list[Fault]:
        place = f"{one.target}: {one.text.name}{f' ({one.text.title})' if one.text.form else ''}"
        if one.fault:
            return [Fault(place, "", "build", f"it does not build: {one.fault}")]
        found = []
        for usage in used(one):
            def fault(what: str, says: str) -> None:
                found.append(Fault(f"{place}: {usage.kernel}", usage.kernel, what, says))

            excused = [each for each in self.exceptions if each.holds(one.target, usage.kernel, one.text.form)]
            for what, unit in ("stack", "bytes of stack"), ("spills", "bytes of spills"):
                takes, may = getattr(usage, what), max((getattr(each, what) for each in excused), default=0)
                if takes > may:
                    fault(what, f"it takes {takes} {unit}, and may take {may}")
            if BUDGETED.fullmatch(one.text.file):
                measured = self.measured(one.target, usage.kernel, one.text.form)
                if measured is None:
                    fault("budget", f"it takes {usage.registers} registers, and has no budget")
                elif usage.registers > measured + self.slack:
                    fault("registers", f"it takes {usage.registers} registers, and may take {measured} and {self.slack}")
        return found


def used(one: Built) -> list[Usage]:
    """Of a program's kernels those that run."""
    names = one.text.used({usage.kernel for usage in one.usages})
    return [usage for usage in one.usages if usage.kernel in names]


def budgeted(built: list[Built]) -> list[tuple[Built, Usage]]:
    """What has a budget of registers."""
    return [(one, usage) for one in built if BUDGETED.fullmatch(one.text.file) for usage in used(one)]
