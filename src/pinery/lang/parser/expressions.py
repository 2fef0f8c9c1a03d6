"""Expressions. Operators bind as in Pine's manual, from loose to tight:
``?:``, ``or``, ``and``, ``== !=``, ``< <= > >=``, ``+ -``, ``* / %``, unary ``+ - not``, then ``[] () .``"""

from __future__ import annotations

from pinery.lang import ast
from pinery.lang.lexer import COLOR, EOF, FLOAT, INT, KEYWORDS, NAME, STRING, Token
from pinery.lang.parser.cursor import NEWLINE, Stop
from pinery.lang.parser.typerefs import TypeParser

PRECEDENCE = {
    "or": 1,
    "and": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_PREFIX = frozenset(("-", "+", "not"))
# Brackets and blocks inside one another. Python's own limit on calls lies well above.
MAX_NESTING = 100


class ExpressionParser(TypeParser):
    nesting = 0

    def deeper(self) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            hint = "split it: give parts of it a name of their own"
            self.fail("P028", f"this is nested deeper than {MAX_NESTING} levels", hint=hint)

    def expression(self) -> ast.Expr:
        level = self.nesting
        self.deeper()
        first = self._binary()
        if self.kind != "?":
            self.nesting = level
            return first
        # a ? b : c ? d : e ... is read in a loop and put together from its end.
        branches: list[tuple[ast.Expr, ast.Expr]] = []
        while self.kind == "?":
            question = self.advance()
            then = self.expression()
            if self.kind != ":":
                self.fail("P010", f"this `?` needs a `:`, found {self.found()}", question, "write condition ? a : b")
            self.advance()
            branches.append((first, then))
            first = self._binary()
        self.nesting = level
        for cond, then in reversed(branches):
            first = ast.Ternary(cond.span.to(first.span), cond, then, first)
        return first

    def _binary(self) -> ast.Expr:
        operands = [self._unary()]
        operators: list[tuple[int, Token]] = []
        while precedence := PRECEDENCE.get(self.kind):
            operator = self.advance()
            while operators and operators[-1][0] >= precedence:
                self._reduce(operands, operators)
            operators.append((precedence, operator))
            operands.append(self._unary())
        while operators:
            self._reduce(operands, operators)
        return operands[0]

    def _reduce(self, operands: list[ast.Expr], operators: list[tuple[int, Token]]) -> None:
        operator = operators.pop()[1]
        right = operands.pop()
        left = operands.pop()
        place = self.span(operator.start, operator.end)
        operands.append(ast.Binary(left.span.to(right.span), operator.kind, left, right, place))

    def _unary(self) -> ast.Expr:
        if self.kind not in _PREFIX:
            return self._postfix()
        prefixes = []
        while self.kind in _PREFIX:
            prefixes.append(self.advance())
        operand = self._postfix()
        for prefix in reversed(prefixes):
            operand = ast.Unary(self.span(prefix.start, operand.span.end), prefix.kind, operand)
        return operand

    def _postfix(self) -> ast.Expr:
        value = self._primary()
        start = value.span.start
        while True:
            kind = self.kind
            if kind == ".":
                self.advance()
                if self.kind != NAME and self.kind not in KEYWORDS:
                    self.fail("P010", f"expected a name after `.`, found {self.found()}")
                attr = self.advance()
                value = ast.Attribute(self.span(start), value, str(attr.value), self.span(attr.start, attr.end))
            elif kind == "(":
                value = self._call(value, start, [])
            elif kind == "[":
                opener = self.advance()
                offset = self.expression()
                self.close(opener)
                value = ast.Index(self.span(start), value, offset)
            elif kind == "<" and isinstance(value, ast.Attribute) and value.attr == "new":
                after = self.scan_type_args(self.i)
                if after < 0 or self.tokens[after].kind != "(":
                    return value
                value = self._call(value, start, self.type_args())
            else:
                return value

    def _call(self, func: ast.Expr, start: int, type_args: list[ast.TypeRef]) -> ast.Expr:
        opener = self.tok
        if not isinstance(func, (ast.Name, ast.Attribute, ast.ErrorExpr)):
            place = self.span(func.span.start, func.span.end)
            hint = "an operator or a comma may be missing before the `(`"
            self.report("P010", "only a function's name can be called", place, hint)
            self.arguments(opener)
            return ast.ErrorExpr(self.span(start))
        args = self.arguments(opener)
        return ast.Call(self.span(start), func, args, type_args)

    def arguments(self, opener: Token) -> list[ast.Arg]:
        """Read ``(…)``. An error in one argument does not hide those in the next."""
        self.advance()
        args: list[ast.Arg] = []
        header, self.header = self.header, False
        while self.kind != ")":
            level = self.nesting
            try:
                args.append(self._argument())
                if self.kind == ",":
                    self.advance()
                elif self.kind != ")":
                    self._argument_end(opener)
            except Stop:
                if opener.match < 0 or self.i > opener.match:
                    raise
                self.nesting = level
                self._skip_argument(opener)
        self.header = header
        self.advance()
        return args

    def _argument(self) -> ast.Arg:
        if self.kind == NAME and self.tokens[self.i + 1].kind == "=":
            name = self.advance()
            self.advance()
            value = self.expression()
            return ast.Arg(self.span(name.start, value.span.end), str(name.value), value)
        value = self.expression()
        return ast.Arg(value.span, None, value)

    def _argument_end(self, opener: Token) -> None:
        if self.kind in ("=", ":="):
            self.fail(
                "P019", f"`{self.kind}` cannot stand here", hint="use `==` to compare; a named argument is name = value"
            )
        self.close(opener)

    def _skip_argument(self, opener: Token) -> None:
        """After an error: move to the next argument or to the closing bracket."""
        inner = self.tokens[opener.match].depth + 1
        while self.i < opener.match:
            if self.kind == "," and self.tok.depth == inner:
                self.advance()
                return
            self.advance()

    def _primary(self) -> ast.Expr:
        kind, token = self.kind, self.tok
        if kind == NAME:
            self.advance()
            return ast.Name(self.span(token.start, token.end), str(token.value))
        if kind in (INT, FLOAT, STRING, COLOR, "true", "false"):
            self.advance()
            return self._literal(token)
        if kind == "(":
            self.advance()
            inner = self.expression()
            if self.kind in ("=", ":="):
                self.fail("P019", f"`{self.kind}` cannot stand inside an expression", hint="use `==` to compare")
            self.close(token)
            inner.span = self.span(token.start)
            return inner
        if kind == "[":
            return self._tuple()
        self._no_expression()
        raise Stop

    def _literal(self, token: Token) -> ast.Expr:
        place = self.span(token.start, token.end)
        value = token.value
        if token.kind == STRING:
            return ast.StrLit(place, str(value))
        if token.kind == FLOAT:
            return ast.FloatLit(place, float(value))
        if token.kind == INT:
            return ast.IntLit(place, int(value))
        if token.kind == COLOR:
            return ast.ColorLit(place, int(value))
        return ast.BoolLit(place, token.kind == "true")

    def _tuple(self) -> ast.Expr:
        opener = self.advance()
        items = []
        while self.kind != "]":
            items.append(self.expression())
            if self.kind != ",":
                break
            self.advance()
        self.close(opener)
        return ast.TupleExpr(self.span(opener.start), items)

    def _no_expression(self) -> None:
        kind = self.kind
        hint = None
        if kind in ("if", "for", "while", "switch"):
            hint = f"give the result of `{kind}` a name first: x = {kind} …"
        elif kind == "=>":
            hint = "`=>` follows a function's parameters or a switch case"
        elif kind in (")", "]") and self.tok.match < 0:
            self.fail("P012", f"this `{kind}` closes nothing", hint="remove it, or open a bracket before it")
        elif kind in (NEWLINE, EOF) or kind in (",", ")", "]"):
            hint = "something is missing before it"
        self.fail("P010", f"expected an expression, found {self.found()}", hint=hint)
