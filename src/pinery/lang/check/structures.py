"""Structures: if, switch and loops, as statements and as values; blocks."""

from __future__ import annotations

from collections.abc import Sequence

from pinery.lang import ast, typed
from pinery.lang import types as t
from pinery.lang.check.casts import unify_all
from pinery.lang.check.core import CONST, NOT_USED, SERIES, SIMPLE, VALUE, Use
from pinery.lang.check.functions import Functions
from pinery.lang.check.scopes import Place
from pinery.lang.types import Kind, QType, Qualifier, Type

_VOID = QType(t.VOID, SERIES)


class Structures(Functions):
    """Layer of structures. Statements are checked by the next layer."""

    def statement(self, stmt: ast.Stmt, into: list[typed.TStmt], use: Use) -> typed.TExpr | None:
        """Check one statement; returns its value where ``use`` wants one."""
        raise NotImplementedError

    # --- blocks -----------------------------------------------------------------------

    def block(self, block: ast.Block, use: Use) -> typed.TBlock:
        """Statements in the present scope (the caller has opened it)."""
        body: list[typed.TStmt] = []
        result: typed.TExpr | None = None
        last = len(block.body) - 1
        for index, stmt in enumerate(block.body):
            result = self.statement(stmt, body, use if index == last else NOT_USED)
        return typed.TBlock(body, result, block.span)

    def inner_block(self, block: ast.Block, use: Use, place: Place) -> typed.TBlock:
        before = self.place
        self.place = place
        try:
            return self.block(block, use)
        finally:
            self.place = before

    def _branch(self, block: ast.Block, use: Use, conditional: bool, what: str) -> typed.TBlock:
        why = self.place.conditional or (what if conditional else None)
        return self.inner_block(block, use, self.inner(conditional=why))

    # --- values of several branches ---------------------------------------------------

    def common_type(self, values: Sequence[typed.TExpr]) -> Type | None:
        return unify_all([v.type for v in values], self.version)

    def _join(
        self, blocks: list[typed.TBlock], complete: bool, use: Use, node: ast.Expr, conditions: Qualifier
    ) -> QType:
        """The type of a structure by its branches' values, which are cast to it."""
        if use is NOT_USED:
            return _VOID
        results = [b.result for b in blocks if b.result is not None and b.result.type.kind is not Kind.VOID]
        if not results:
            if use is VALUE and not any(self._reported(b) for b in blocks):
                self.error("E133", "this is used as a value, but none of its branches has one", node.span)
                return QType(t.ERROR, SERIES)
            self._drop(blocks)
            return _VOID
        common = self.common_type(results)
        if common is None:
            if use is VALUE:
                kinds = ", ".join(dict.fromkeys(str(r.type) for r in results))
                self.error("E132", f"the branches have different types: {kinds}", node.span)
                return QType(t.ERROR, SERIES)
            self._drop(blocks)
            return _VOID
        if common.kind is Kind.ERROR:
            return QType(t.ERROR, SERIES)
        soft = common == t.FLOAT and all(self.whole(r) for r in results)
        qualifier = max([conditions, *(r.qtype.qualifier for r in results)])
        for block in blocks:
            if block.result is None or block.result.type.kind is Kind.VOID:
                if block.result is not None:
                    block.body.append(typed.TExprStmt(block.result.span, block.result))
                block.result = self.missing(common, block)
            else:
                block.result = self.cast(block.result, common)
        self._soft_result = soft
        return QType(common, qualifier)

    _soft_result = False

    def missing(self, wanted: Type, block: typed.TBlock) -> typed.TExpr:
        """What a branch without a value gives: na; false where a bool cannot be na."""
        if wanted.kind is Kind.TUPLE:
            items = [self.missing(x, block) for x in wanted.args]
            return typed.TTuple(QType(wanted, CONST), block.span, items)
        value = False if wanted == t.BOOL and not self.version.na_bool else None
        return typed.TConst(QType(wanted, CONST), block.span, value)

    def _drop(self, blocks: list[typed.TBlock]) -> None:
        """Values that nothing uses become statements."""
        for block in blocks:
            if block.result is not None:
                if not isinstance(block.result, typed.TVar | typed.TConst):
                    block.body.append(typed.TExprStmt(block.result.span, block.result))
                block.result = None

    def _reported(self, block: typed.TBlock) -> bool:
        return block.result is not None and block.result.type.kind is Kind.ERROR

    def _done(self, value: typed.TExpr, use: Use) -> typed.TExpr:
        if use is not NOT_USED and self._soft_result:
            self.soften(value)
        self._soft_result = False
        return value

    # --- structures -------------------------------------------------------------------

    def structure(self, node: ast.Expr, use: Use) -> typed.TExpr:
        if isinstance(node, ast.If):
            return self._if(node, use)
        if isinstance(node, ast.Switch):
            return self._switch(node, use)
        if isinstance(node, ast.ForRange):
            return self._for_range(node, use)
        if isinstance(node, ast.ForIn):
            return self._for_in(node, use)
        assert isinstance(node, ast.While)
        return self._while(node, use)

    def _if(self, node: ast.If, use: Use) -> typed.TExpr:
        cond = self.condition(self.expr(node.cond), "the condition of `if`")
        changing = cond.qtype.qualifier > SIMPLE
        then = self._branch(node.then, use, changing, "an `if` block")
        other = self._branch(node.other, use, changing, "an `else` block") if node.other is not None else None
        blocks = [then] if other is None else [then, other]
        qtype = self._join(blocks, other is not None, use, node, cond.qtype.qualifier)
        if other is None and qtype.type == t.BOOL and self.version.na_bool is False:
            empty = typed.TBlock([], None, node.span)
            empty.result = self.missing(t.BOOL, empty)
            other = empty
        return self._done(typed.TIf(qtype, node.span, cond, then, other), use)

    def _switch(self, node: ast.Switch, use: Use) -> typed.TExpr:
        subject = self.expr(node.subject) if node.subject is not None else None
        qualifier = subject.qtype.qualifier if subject is not None else CONST
        changing = qualifier > SIMPLE
        tests: list[typed.TExpr] = []
        blocks: list[typed.TBlock] = []
        default: typed.TBlock | None = None
        for index, case in enumerate(node.cases):
            if case.match is None:
                default = self._branch(case.body, use, changing, "a `switch` block")
                if index < len(node.cases) - 1:
                    self.error("E153", "the default case of `switch` must be the last", case.span)
                continue
            before = self.place.conditional
            if changing and index and before is None:
                self.place.conditional = "a later case of `switch`"
            test = self.expr(case.match)
            self.place.conditional = before
            if subject is None:
                test = self.condition(test, "a case of `switch`")
            tests.append(test)
            qualifier = max(qualifier, test.qtype.qualifier)
            changing = qualifier > SIMPLE
            blocks.append(self._branch(case.body, use, changing, "a `switch` block"))
        if subject is not None:
            subject, tests = self._match_cases(subject, tests)
        every = [*blocks, default] if default is not None else blocks
        qtype = self._join(every, default is not None, use, node, qualifier) if every else _VOID
        if default is None and qtype.type == t.BOOL and not self.version.na_bool:
            default = typed.TBlock([], None, node.span)
            default.result = self.missing(t.BOOL, default)
        cases = list(zip(tests, blocks, strict=True))
        return self._done(typed.TSwitch(qtype, node.span, subject, cases, default), use)

    def _match_cases(self, subject: typed.TExpr, tests: list[typed.TExpr]) -> tuple[typed.TExpr, list[typed.TExpr]]:
        """Subject and cases in one type."""
        common: Type = subject.type
        for index, test in enumerate(tests):
            joined = unify_all([common, test.type], self.version)
            if joined is None or joined.kind in (Kind.VOID, Kind.TUPLE):
                message = f"`switch` is over {subject.type}, this case is {test.type}"
                tests[index] = self.error("E132", message, test.span)
            elif joined.kind is not Kind.ERROR:
                common = joined
        return self.cast(subject, common), [self.cast(x, common) for x in tests]

    def _loop_place(self, conditional: str = "a loop") -> Place:
        place = self.inner(loops=self.place.loops + 1)
        place.conditional = place.conditional or conditional
        return place

    def _loop_result(self, body: typed.TBlock, use: Use, node: ast.Expr) -> QType:
        qtype = self._join([body], False, use, node, SERIES)
        if qtype.type.kind in (Kind.VOID, Kind.ERROR):
            return qtype
        return QType(qtype.type if qtype.type.kind is not Kind.NA else t.FLOAT, SERIES)

    def _for_range(self, node: ast.ForRange, use: Use) -> typed.TExpr:
        start = self._bound(node.start, "start")
        stop = self._bound(node.stop, "end")
        step = self._bound(node.step, "step") if node.step is not None else None
        whole = start.type == t.INT and (step is None or step.type == t.INT)
        soft = not whole and self.whole(start) and (step is None or self.whole(step))
        counter = t.INT if whole else t.FLOAT
        if Kind.ERROR in (start.type.kind, step.type.kind if step is not None else None):
            counter = t.ERROR
        place = self._loop_place()
        symbol = typed.Symbol(node.var, QType(counter, SERIES), node.var_span, is_loop=True)
        symbol.reassigned = (id(node), node.var) in self.module.reassigned
        if soft:
            self.soften_symbol(symbol)
        place.scope.names[node.var] = symbol
        body = self.inner_block(node.body, use, place)
        qtype = self._loop_result(body, use, node)
        return self._done(typed.TForRange(qtype, node.span, symbol, start, stop, step, body), use)

    def _bound(self, node: ast.Expr, what: str) -> typed.TExpr:
        value = self.expr(node)
        if value.type.is_numeric or value.type.kind is Kind.ERROR:
            return value
        if value.type.kind is Kind.NA:
            return self.cast(value, t.INT)
        return self.error("E114", f"the {what} of a loop must be a number, not {value.type}", node.span)

    def _for_in(self, node: ast.ForIn, use: Use) -> typed.TExpr:
        iterable = self.expr(node.iterable)
        kind = iterable.type.kind
        index_type: Type = t.INT
        if kind is Kind.ARRAY:
            item = iterable.type.args[0]
        elif kind is Kind.MATRIX:
            item = t.array_of(iterable.type.args[0])
        elif kind is Kind.MAP:
            index_type, item = iterable.type.args
            if node.index is None:
                self.error("E154", "a map is walked in pairs", node.var_span, f"for [key, {node.var}] in …")
        else:
            item = index_type = t.ERROR
            if kind is not Kind.ERROR:
                self.error("E154", f"`for … in` walks an array, matrix or map, not {iterable.type}", node.iterable.span)
        place = self._loop_place()
        index: typed.Symbol | None = None
        if node.index is not None:
            index = typed.Symbol(node.index, QType(index_type, SERIES), node.var_span, is_loop=True)
            index.reassigned = (id(node), node.index) in self.module.reassigned
            place.scope.names[node.index] = index
        var = typed.Symbol(node.var, QType(item, SERIES), node.var_span, is_loop=True)
        var.reassigned = (id(node), node.var) in self.module.reassigned
        place.scope.names[node.var] = var
        body = self.inner_block(node.body, use, place)
        qtype = self._loop_result(body, use, node)
        return self._done(typed.TForIn(qtype, node.span, index, var, iterable, body), use)

    def _while(self, node: ast.While, use: Use) -> typed.TExpr:
        before = self.place.conditional
        self.place.conditional = before or "a loop"
        cond = self.condition(self.expr(node.cond), "the condition of `while`")
        self.place.conditional = before
        body = self.inner_block(node.body, use, self._loop_place())
        qtype = self._loop_result(body, use, node)
        return self._done(typed.TWhile(qtype, node.span, cond, body), use)
