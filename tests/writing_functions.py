"""Which functions of the library write files, start processes or change a database, read from the source."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What a function calls where it writes by itself: by the last part of the call's name.
WRITING_CALLS = {
    "FileLock", "Popen", "copy", "copy2", "copyfile", "copytree", "mkdir", "makedirs", "move", "open_memmap", "remove",
    "rename", "replace", "rmdir", "rmtree", "run", "save", "save_file", "savez", "symlink_to", "touch", "truncate",
    "unlink", "write", "write_atomic", "write_bytes", "write_json", "write_table", "write_text",
}  # fmt: skip
# The same words for things that write nothing to a disk: strings, data classes, tables, HTTP, printing.
OWNERS = {"replace": {"os"}, "run": {"subprocess"}, "copy": {"shutil"}, "save": {"np", "numpy"}, "remove": {"os"},
          "move": {"shutil"}, "rename": {"os"}}  # fmt: skip


def writing_functions() -> list[str]:
    """Functions of `sentiment` that write by themselves, as "path/of/module.py:Class.function", sorted."""
    found = set()
    for path in sorted((ROOT / "sentiment").rglob("*.py")):
        name = path.relative_to(ROOT / "sentiment").as_posix()
        for function, node in _functions(ast.parse(path.read_text(encoding="utf-8"))):
            if any(_writes(call) for call in ast.walk(node) if isinstance(call, ast.Call)):
                found.add(f"{name}:{function}")
    return sorted(found)


def _functions(tree: ast.AST, within: str = "") -> list[tuple[str, ast.AST]]:
    """The functions of a module and the methods of its classes; a function within a function belongs to it."""
    found: list[tuple[str, ast.AST]] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append((f"{within}{node.name}", node))
        elif isinstance(node, ast.ClassDef):
            found += _functions(node, f"{within}{node.name}.")
    return found


def _writes(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in ("open", "fdopen", "to_parquet", "to_csv"):
        return _opens_to_write(call, name)
    if name not in WRITING_CALLS:
        return False
    owner = function.value.id if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) else ""
    return name not in OWNERS or owner in OWNERS[name]


def _opens_to_write(call: ast.Call, name: str) -> bool:
    if name in ("to_parquet", "to_csv"):
        return bool(call.args)  # without a path they return the bytes
    modes = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    values = [mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)]
    return any(set(value) & set("wax+") and set(value) <= set("rwaxbt+") for value in values)
