"""What tests/catalog does not show of large runtimes: how they end, what compilers say."""

import pytest
from support.guest import Same


@pytest.mark.requires("node")
@pytest.mark.parametrize(
    "statement", ["console.log(1 + 1)", "process.exit(7)", "null.x", "process.abort()"]
)
def test_node_statement(same: Same, statement: str) -> None:
    same(["node", "-e", statement])


@pytest.mark.requires("gcc")
def test_an_error_of_gcc(same: Same) -> None:
    same(["gcc", "-c", "wrong.c"], files={"wrong.c": "int main(void) { return missing; }\n"})


@pytest.mark.requires("perl")
def test_perl_statement(same: Same) -> None:
    same(["perl", "-we", "my @a = (1) x 3; print qq(@a\n); exit 300"])
