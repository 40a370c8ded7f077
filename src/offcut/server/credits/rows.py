"""Reading and writing rows without the query builder.

A hold and its capture spent more time in it than in the database. The SQL is the same on SQLite and
PostgreSQL; values go through the model's own fields. PostgreSQL takes several statements in one message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

Row = TypeVar("Row", bound=Model)
Change = tuple[Model, tuple[str, ...]]
"""A row, and the names of the fields of it to write."""


def select(model: type[Row], rest: str, values: Sequence[Any]) -> list[Row]:
    """Return the rows of `SELECT … FROM table` + `rest`."""
    begin, names, converters = _select_parts(model, connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(f"{begin} {rest}", values)
        return [_row(model, names, converters, found) for found in cursor.fetchall()]


def returning(model: type[Row], statement: str, values: Sequence[Any], more: str) -> tuple[Row, Any] | None:
    """Run a statement that changes one row; return the row and the value of `more`, None where none is."""
    _, names, converters = _select_parts(model, connection.vendor)
    columns = ", ".join(field.column for field in model._meta.concrete_fields)
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING {columns}, {more}", values)
        for *found, extra in cursor.fetchall():
            return _row(model, names, converters, found), extra
    return None


def write(changes: Iterable[Change], new: Sequence[Model]) -> None:
    """Write fields of rows, then insert new rows of one model and give them their ids, in the order given."""
    statements = [_update(row, names) for row, names in changes]
    if new:
        statements.append(_insert(new))
    if not statements:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            together = "; ".join(statement for statement, _ in statements)
            cursor.execute(together, [value for _, values in statements for value in values])
            while cursor.nextset():
                pass
        else:
            for statement, values in statements:
                cursor.execute(statement, values)
        for row, (number,) in zip(new, cursor.fetchall() if new else (), strict=True):
            row.pk = number


def _row(model: type[Row], names: list[str], converters: list[tuple[int, Any, Any]], found: Any) -> Row:
    values = list(found)
    for place, column, convert in converters:
        values[place] = convert(values[place], column, connection)
    return model.from_db(connection.alias, names, values)


def _insert(new: Sequence[Model]) -> tuple[str, list[Any]]:
    fields, begin, end = _insert_parts(type(new[0]))
    blanks = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(new))
    return f"{begin} VALUES {blanks} {end}", [_prepared(field, row) for row in new for field in fields]


def _update(row: Model, names: tuple[str, ...]) -> tuple[str, list[Any]]:
    fields, statement = _update_parts(type(row), names)
    return statement, [*(_prepared(field, row) for field in fields), row.pk]


@cache
def _select_parts(model: type[Row], _vendor: str) -> tuple[str, list[str], list[tuple[int, Any, Any]]]:
    fields = model._meta.concrete_fields
    converters = []
    for place, field in enumerate(fields):
        column = field.get_col(model._meta.db_table)
        found = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
        converters += [(place, column, convert) for convert in found]
    columns = ", ".join(field.column for field in fields)
    names = [field.attname for field in fields]
    return f"SELECT {columns} FROM {model._meta.db_table}", names, converters


@cache
def _insert_parts(model: type[Model]) -> tuple[list[Field], str, str]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(field.column for field in fields)
    begin = f"INSERT INTO {model._meta.db_table} ({columns})"
    return fields, begin, f"RETURNING {model._meta.pk.column}"


@cache
def _update_parts(model: type[Model], names: tuple[str, ...]) -> tuple[list[Field], str]:
    fields = [model._meta.get_field(name) for name in names]
    columns = ", ".join(f"{field.column} = %s" for field in fields)
    return fields, f"UPDATE {model._meta.db_table} SET {columns} WHERE {model._meta.pk.column} = %s"


def _prepared(field: Field, row: Model) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)
