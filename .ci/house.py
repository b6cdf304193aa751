#!/usr/bin/env python3
"""Fails on a circle of imports between source files, on files that grew too long, and on files with no folder.

    .ci/house.py [src]          looks at a source tree
    .ci/house.py --self-test    looks at trees made for the purpose

A file imports another where a path in it leads there, in a `use` or anywhere else; through names handed on, to the file
that defines what is meant. `mod x;` is no import. `pub use` in a folder's `mod.rs` is one only if the file itself goes
on to use the name. What stands under `#[cfg(test)]`, whole files included, is left out of the imports.
"""
import re
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

LONGEST = 400  # lines a file may have
TYPICAL = 180  # lines that the median of all files stays below
LOOSE = {"lib.rs", "main.rs", "README.md"}  # what may lie at the root

WORDLESS = re.compile(  # comments, texts and characters: what only looks like code
    r"""//[^\n]*|/\*.*?\*/|\bb?r(#*)".*?"\1|"(?:\\.|[^"\\])*"|'(?:\\.[^']*|[^'\\])'""", re.S
)
TEST = re.compile(r"#\[cfg\((?:all\()?test\b[^\]]*\](?:\s*#\[[^\]]*\])*")
USE = re.compile(r"\b(pub(?:\s*\([^)]*\))?\s+)?use\s+([^;]+);")
PATH = re.compile(r"(?<![\w:])\w+(?:\s*::\s*\w+)+")
DECLARED = re.compile(r"\bmod\s+(\w+)\s*;")
DEFINED = re.compile(r"\b(?:fn|struct|enum|union|trait|type|const|static|macro_rules!)\s+(\w+)")


class Use(NamedTuple):
    """One name that a module brings into its scope: `*` for all that `path` leads to."""

    name: str
    path: tuple
    public: bool


class Module(NamedTuple):
    """A module, in a file of its own or between braces."""

    file: Path
    uses: list
    body: str  # the code without uses and declarations of other files
    defined: set


def end_of_item(text, start):
    """Where the item that begins at `start` ends: at its semicolon, or with its braces."""
    depth = 0
    for mark in re.finditer(r"[][(){};]", text[start:]):
        depth += (mark[0] in "[({") - (mark[0] in "])}")
        if depth <= 0 and mark[0] in ";}":
            return start + mark.end()
    return len(text)


def expand(tree):
    """Name and path of every leaf of a tree of uses: `a::{b, c::{self, d as e}}`."""
    tree = tree.strip()
    head, brace, body = tree.partition("{")
    if not brace:
        path, _, alias = (part.strip() for part in tree.partition(" as "))
        path = tuple(part.strip() for part in path.split("::") if part.strip())
        path = path[:-1] if len(path) > 1 and path[-1] == "self" else path
        yield alias or path[-1], path
        return
    depth, leaf = 0, ""
    for sign in body[: body.rindex("}")] + ",":
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            yield from expand(head + leaf) if leaf.strip() else ()
            leaf = ""
        else:
            leaf += sign


def read(root):
    """Every module by its path, those of tests left out."""
    modules, tests = {}, set()

    def add(path, text, file):
        while inner := re.search(r"\bmod\s+(\w+)\s*\{", text):
            end = end_of_item(text, inner.start())
            add(path + (inner[1],), text[inner.end() : end - 1], file)
            text = text[: inner.start()] + text[end:]
        uses = [
            Use(name, leaf, bool(use[1]))
            for use in USE.finditer(text)
            for name, leaf in expand(re.sub(r"\s+", " ", use[2]))
        ]
        body = DECLARED.sub("", USE.sub("", text))
        modules[path] = Module(file, uses, body, set(DEFINED.findall(body)))

    for file in sorted(root.rglob("*.rs")):
        path = file.relative_to(root).with_suffix("").parts
        path = path[:-1] if path[-1] in ("mod", "lib") else path
        text = WORDLESS.sub('""', file.read_text())
        while test := TEST.search(text):
            end = end_of_item(text, test.end())
            tests |= {path + (name,) for name in DECLARED.findall(text[test.end() : end])}
            text = text[: test.start()] + text[end:]
        add(path, text, file)
    is_test = lambda path: any(path[:end] in tests for end in range(len(path) + 1))
    return {path: module for path, module in modules.items() if not is_test(path)}


def home(modules, module, path, seen=frozenset()):
    """The module that defines what `path` names when it is read in `module`; `None` for another crate's."""
    at, rest = module, path
    if path[0] == "crate":
        at, rest = (), path[1:]
    elif path[0] not in ("self", "super"):
        used = any(use.name == path[0] for use in modules[module].uses)
        if not used and module + path[:1] not in modules:
            return None
    for place, name in enumerate(rest):
        if name == "super":
            at = at[:-1]
        elif at + (name,) in modules:
            at += (name,)
        elif name != "self":
            source = handed_on(modules, at, rest[place:], seen)
            return known(modules, at) if source is None else source
    return known(modules, at)


def known(modules, path):
    """The path of a module that there is."""
    return path if path in modules else None


def handed_on(modules, at, path, seen):
    """The home of a path that begins with a name which module `at` has from elsewhere, if it has."""
    if at not in modules or (at, path[0]) in seen:
        return None
    seen |= {(at, path[0])}
    for use in modules[at].uses:
        if use.name == path[0]:
            return home(modules, at, use.path + path[1:], seen)
        if use.name == "*" and path[0] not in modules[at].defined:
            source = home(modules, at, use.path[:-1], seen)
            if source is None:
                continue
            if path[0] in modules[source].defined:
                return source
            if (found := handed_on(modules, source, path, seen)) is not None:
                return found
    return None


def imports(root):
    """The files that each file imports."""
    modules = read(root)
    found = {module.file: set() for module in modules.values()}
    for at, module in modules.items():
        mentions = lambda name: re.search(rf"(?<![\w.:]){re.escape(name)}\b", module.body)
        paths = (tuple(re.split(r"\s*::\s*", path)) for path in PATH.findall(module.body))
        homes = [home(modules, at, path) for path in paths]
        for use in module.uses:
            source = home(modules, at, use.path[:-1] if use.name == "*" else use.path)
            if source is None:
                continue
            names = {use.name}
            if use.name == "*":
                handed = {other.name for other in modules[source].uses if mentions(other.name)}
                homes += [handed_on(modules, source, (name,), frozenset()) for name in handed]
                names = modules[source].defined
            hands_on = use.public and module.file.name in ("mod.rs", "lib.rs")
            if not hands_on or any(map(mentions, names)):
                homes.append(source)
        found[module.file] |= {modules[there].file for there in homes if there is not None} - {module.file}
    return found


def circles(edges):
    """The sets of files each of which leads to all others of its set."""

    def reached(start):
        seen, ahead = set(), [start]
        while ahead:
            new = edges[ahead.pop()] - seen
            seen |= new
            ahead += new
        return seen

    reach = {file: reached(file) for file in edges}
    found = {frozenset(other for other in reach[file] if file in reach[other]) for file in edges}
    return sorted(sorted(circle) for circle in found if circle)


def faults(root):
    """What is wrong with a source tree, a line each, and its measures."""
    edges = imports(root)
    name = lambda file: str(file.relative_to(root))
    said = []
    for circle in circles(edges):
        said.append("circle of imports: " + ", ".join(map(name, circle)))
        for file in circle:
            inside = sorted(edges[file] & set(circle))
            said.append(f"    {name(file)} imports " + ", ".join(map(name, inside)))
    lengths = {file: len(file.read_text().splitlines()) for file in sorted(root.rglob("*.rs"))}
    for file, lines in lengths.items():
        if lines > LONGEST:
            said.append(f"{name(file)} has {lines} lines, more than {LONGEST}")
    middle = median(lengths.values())
    if middle >= TYPICAL:
        said.append(f"the median file has {middle:g} lines, not fewer than {TYPICAL}")
    for file in sorted(root.iterdir()):
        if file.is_file() and file.name not in LOOSE:
            said.append(f"{file.name} lies loose at the root")
    return said, f"{len(lengths)} files, the median of {middle:g} lines, the longest of {max(lengths.values())}"


# The source tree of the self-test: a case per folder, and in each folder of the first part one circle of two files.
CIRCLES = """
parent/mod.rs     use self::a::g; pub fn f() {}
parent/a.rs       use super::f;
twice/n/a.rs      use super::super::b::B;
twice/b.rs        use crate::twice::n::a::A;
inline/a.rs       fn f() { crate::inline::b::g() }
inline/b.rs       use crate::inline::a::f;
child/mod.rs      mod a; fn f() { a::g() }
child/a.rs        use super::f;
sibling/a.rs      use super::{b}; fn f() { b::g() }
sibling/b.rs      pub fn g() { super::a::f() }
within/a.rs       fn f() { use crate::within::b::B; }
within/b.rs       use crate::within::a::f;
chain/mod.rs      pub use n::A;
chain/n/mod.rs    mod a; pub use self::a::A;
chain/n/a.rs      use crate::chain::b::B;
chain/b.rs        use crate::chain::{A as C};
all/mod.rs        pub use a::*;
all/a.rs          pub struct A(crate::all::b::B);
all/b.rs          use crate::all::A;
unnamed/mod.rs    pub use a::A;
unnamed/a.rs      use super::b::B;
unnamed/b.rs      use super::*; struct B(A);
used/mod.rs       mod a; pub use a::A; pub struct B(A);
used/a.rs         use super::B;
spread/mod.rs     mod a; pub use a::*; pub struct B(A);
spread/a.rs       use super::B; pub struct A;
nested/a.rs       use crate::{nested::c::{self, D}, nested::{b::{x::{Y}, B}}};
nested/b.rs       use crate::nested::a::A;
nested/c.rs       const C: () = ();
braces/a.rs       mod i { use super::super::b::B; }
braces/b.rs       use crate::braces::a::A;
"""
STRAIGHT = """
declared/mod.rs   mod a; pub struct B;
declared/a.rs     use super::B;
handed/mod.rs     mod a; pub use a::A; pub struct B;
handed/a.rs       use super::B;
starred/mod.rs    mod a; pub use a::*; pub fn f(x: &u8) -> u8 { *x }
starred/a.rs      use super::f; pub struct A;
foot/a.rs         #[cfg(test)] fn t() -> [u8; 2] { crate::foot::b::g() }
foot/b.rs         use crate::foot::a::A;
tests/mod.rs      #[cfg(test)] mod tests; pub fn f() {}
tests/tests.rs    use crate::tests::b::B;
tests/b.rs        use crate::tests::{f, tests::t};
words/a.rs        /* crate::words::b */ const A: &str = "crate::words::b::B";
words/b.rs        use crate::words::a::A;
foreign/a.rs      use serde::b::B; use std::b;
foreign/b.rs      use crate::foreign::a::A;
"""


def self_test():
    """Finds the circles of that tree and no others, and then every other fault."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "lib.rs").touch()
        for line in filter(None, (CIRCLES + STRAIGHT).splitlines()):
            name, text = line.split(maxsplit=1)
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).with_name("mod.rs").touch()
            (root / name).write_text(text)
        found = [[file.relative_to(root).parts[0] for file in circle] for circle in circles(imports(root))]
        wanted = sorted({line.partition("/")[0] for line in CIRCLES.split() if ".rs" in line})
        assert found == [[case, case] for case in wanted], found
        assert len(faults(root)[0]) == 3 * len(wanted), faults(root)
        for file in [*root.rglob("*.rs"), root / "loose.rs", root / "README.md"]:
            file.write_text("\n" * (LONGEST + 1))
        said, _ = faults(root)
        for fault in ("child/a.rs has 401 lines", "the median file has 401 lines", "loose.rs lies loose"):
            assert any(line.startswith(fault) for line in said), (fault, said)
        assert not any("README" in line or line.startswith("lib.rs lies") for line in said), said


def main(arguments):
    """Looks at a tree, or tests itself; the exit code."""
    if arguments == ["--self-test"]:
        self_test()
        return 0
    said, measures = faults(Path(arguments[0] if arguments else "src"))
    print(*said, measures, sep="\n")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
