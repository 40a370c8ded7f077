"""House rules that a program can check."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

FUNCTION_LINES_MAX = 60
BINARY_SIZE_MAX = 200_000
TEXT_SIZE_MAX = 400_000
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "managers"}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def public_functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Functions of the module and methods of its public classes, without those whose name starts with _,
    those that a class above, in the same module, describes already, and properties, which are values."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node.name, node
    for name, described in classes.items():
        above = {base.id for base in described.bases if isinstance(base, ast.Name)} & set(classes)
        inherited = {function.name for base in above for function in functions(classes[base])}
        for method in described.body if not name.startswith("_") else ():
            if (
                not isinstance(method, ast.FunctionDef)
                or method.name.startswith("_")
                or method.name in inherited
            ):
                continue
            if not any(
                isinstance(mark, ast.Name) and mark.id == "property" for mark in method.decorator_list
            ):
                yield f"{name}.{method.name}", method


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, the docstring left out: a long list of options is no long function."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_function_is_too_long(modules: dict[Path, ast.Module]) -> None:
    long = [
        f"{path}:{function.lineno} {function.name} ({body_lines(function)} lines)"
        for path, tree in modules.items()
        for function in functions(tree)
        if body_lines(function) > FUNCTION_LINES_MAX
    ]
    assert not long, long


def test_every_public_function_says_what_it_does(modules: dict[Path, ast.Module]) -> None:
    silent = [
        f"{path}:{function.lineno} {name}"
        for path, tree in modules.items()
        for name, function in public_functions(tree)
        if not ast.get_docstring(function)
    ]
    assert not silent, silent


def test_every_module_says_what_it_is_for(modules: dict[Path, ast.Module]) -> None:
    silent = [str(path) for path, tree in modules.items() if tree.body and not ast.get_docstring(tree)]
    assert not silent, silent


def test_no_package_is_named_for_nothing(modules: dict[Path, ast.Module]) -> None:
    assert not [
        path for path in modules if FORBIDDEN_NAMES & {part.removesuffix(".py") for part in path.parts}
    ]


def test_nothing_big_and_nothing_of_others_is_kept_here(root: Path, files: list[Path]) -> None:
    too_big = []
    for path in files:
        content = (root / path).read_bytes()
        limit = BINARY_SIZE_MAX if b"\0" in content[:8000] else TEXT_SIZE_MAX
        if len(content) > limit:
            too_big.append(f"{path} ({len(content)} bytes)")
    assert not too_big, too_big


def test_no_weights_and_no_archives_are_kept_here(files: list[Path]) -> None:
    kinds = {".onnx", ".pt", ".pth", ".safetensors", ".tgz", ".gz", ".whl", ".zip", ".ttf", ".otf", ".woff2"}
    assert not [path for path in files if path.suffix in kinds]


def test_no_registry_is_named(root: Path, files: list[Path]) -> None:
    """pip, npm and apt know their registries from their own settings; a host written here would break
    the machines that use another one."""
    hosts = [part + ending for part, ending in (
        ("pypi", ".org"), ("pythonhosted", ".org"), ("registry.npmjs", ".org"), ("npmjs", ".com"),
        ("deb.debian", ".org"), ("archive.ubuntu", ".com"),
    )]  # fmt: skip
    naming = []
    for path in files:
        text = (root / path).read_bytes().decode("utf-8", errors="ignore")
        naming += [f"{path}: {host}" for host in hosts if host in text]
    assert not naming, naming


def test_the_lock_holds_names_and_versions_only(root: Path) -> None:
    lines = (root / "requirements.lock").read_text(encoding="utf-8").split()
    assert lines
    assert not [line for line in lines if line.count("==") != 1 or "://" in line or line.startswith("-")]
