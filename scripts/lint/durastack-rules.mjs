/**
 * House rules that no stock linter has, as an oxlint plugin. Each has a canary in test/src/arch/lint.spec.ts.
 *
 * The syntax tree is ESTree; visitors get one node.
 */

const BUILT_IN_ERRORS = new Set([
  'Error',
  'TypeError',
  'RangeError',
  'SyntaxError',
  'ReferenceError',
  'EvalError',
  'URIError',
  'AggregateError',
]);

const TEXT_TESTS = new Set(['includes', 'startsWith', 'endsWith', 'match', 'matchAll', 'search', 'indexOf']);

/** `throw new Error(…)`: only DurastackError is thrown on purpose, because its code decides all else. */
const noRawError = {
  create(context) {
    return {
      NewExpression(node) {
        if (node.callee.type !== 'Identifier' || !BUILT_IN_ERRORS.has(node.callee.name)) return;
        context.report({
          node,
          message: `new ${node.callee.name} has no code: make a DurastackError of @durastack/contracts/errors.`,
        });
      },
    };
  },
};

/** Temporal's failure is made in one place, so that the error table alone decides what is retried. */
const noApplicationFailure = {
  create(context) {
    const message = 'Only libs/kit/src/temporal/activity-edge.ts makes an ApplicationFailure; throw a DurastackError.';
    const isFailure = (node) => node.type === 'Identifier' && node.name === 'ApplicationFailure';
    return {
      NewExpression(node) {
        if (isFailure(node.callee)) context.report({ node, message });
      },
      CallExpression(node) {
        if (node.callee.type === 'MemberExpression' && isFailure(node.callee.object)) context.report({ node, message });
      },
    };
  },
};

/** An error is told by its code, never by its wording, which changes with versions and languages. */
const noMessageMatching = {
  create(context) {
    const isMessage = (node) => {
      let inner = node;
      while (inner?.type === 'CallExpression' && inner.callee.name === 'String') inner = inner.arguments[0];
      while (inner?.type === 'ChainExpression' || inner?.type === 'TSAsExpression') inner = inner.expression;
      return inner?.type === 'MemberExpression' && !inner.computed && inner.property.name === 'message';
    };
    const message = 'An error is told by its code, not by its message.';
    return {
      CallExpression(node) {
        const { callee } = node;
        if (callee.type !== 'MemberExpression' || callee.computed) return;
        const onMessage = TEXT_TESTS.has(callee.property.name) && isMessage(callee.object);
        const byPattern = ['test', 'exec'].includes(callee.property.name) && isMessage(node.arguments[0]);
        if (onMessage || byPattern) context.report({ node, message });
      },
    };
  },
};

/** A function takes at most four parameters, a constructor six (injections); more become one object. */
const maxParameters = {
  create(context) {
    const check = (node) => {
      const isConstructor = node.parent?.type === 'MethodDefinition' && node.parent.kind === 'constructor';
      const limit = isConstructor ? 6 : 4;
      if (node.params.length <= limit) return;
      context.report({ node, message: `${node.params.length} parameters, at most ${limit}: pass an object.` });
    };
    return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
  },
};

/** Importers name the file that declares a thing; a file that only passes things on hides it. */
const noReexport = {
  create(context) {
    const message = 'No barrels: import from the file that declares it.';
    return {
      ExportAllDeclaration(node) {
        context.report({ node, message });
      },
      ExportNamedDeclaration(node) {
        if (node.source) context.report({ node, message });
      },
    };
  },
};

/** What other files may use says what it is for. */
const docstring = {
  create(context) {
    const documented = (node) => {
      const before = context.sourceCode.getCommentsBefore(node);
      const last = before.at(-1);
      return last?.type === 'Block' && last.value.startsWith('*');
    };
    const firstTokenOf = (node) => {
      const decorators = node.declaration?.decorators ?? [];
      return decorators.length > 0 && decorators[0].range[0] < node.range[0] ? decorators[0] : node;
    };
    const seen = new Set();
    return {
      ExportNamedDeclaration(node) {
        const { declaration } = node;
        if (!declaration) return;
        const name = declaration.id?.name ?? declaration.declarations?.[0]?.id?.name ?? '';
        // Overloads and a type beside its value of the same name share one text.
        const repeated = name !== '' && seen.has(name);
        seen.add(name);
        if (repeated || documented(firstTokenOf(node))) return;
        context.report({ node, message: `The exported ${name} has no docstring.` });
      },
    };
  },
};

/** A rule is set aside only with the reason beside it: `oxlint-disable-next-line rule -- reason`. */
const disableWithReason = {
  create(context) {
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          const text = comment.value.trim();
          if (!/^(oxlint|eslint)-disable/.test(text) || / -- \S/.test(text)) continue;
          context.report({ loc: comment.loc, message: 'Say why: `oxlint-disable-next-line rule -- reason`.' });
        }
      },
    };
  },
};

const SQL =
  /\b(SELECT|INSERT|UPDATE|DELETE FROM|REPLACE INTO|CREATE|ALTER|DROP|WHERE|FOR UPDATE|FOR SHARE|VALUES|RETURNING)\b/;

/** What one of MySQL 8 and MariaDB 10.11 does not take, with what both do. */
const UNPORTABLE_SQL = [
  [/\bRETURNING\b/, 'RETURNING is MariaDB alone: read the row in the same transaction'],
  [/\bFOR SHARE\b/, 'FOR SHARE is MySQL alone: LOCK IN SHARE MODE'],
  [/\bCREATE SEQUENCE\b|\bNEXT VALUE FOR\b|\bNEXTVAL\b/, 'sequences are MariaDB alone: AUTO_INCREMENT'],
  [/\bseq_\d+_to_\d+\b/, 'the sequence engine is MariaDB alone: a recursive CTE'],
  [/->>?\s*['"?]/, 'JSON operators are MySQL alone: JSON_VALUE, or a column of its own'],
  [/\b(CREATE|ALTER)\b[^]*[`\w] JSON\b/, 'JSON is an alias in MariaDB, so schemas differ: longtext'],
  [/\b(CREATE|ALTER)\b[^]*[`\w] (UUID|INET6|INET4)\b/i, 'a type of MariaDB alone: char'],
  [/\bCREATE OR REPLACE (TABLE|INDEX)\b/, 'MariaDB alone'],
  [/\b(INDEX|COLUMN|KEY) IF (NOT )?EXISTS\b/, 'MariaDB alone: ask information_schema'],
  [/\bAS \w+ ON DUPLICATE KEY\b/, 'row aliases are MySQL alone: VALUES(column)'],
  [/\bVALUES ROW\s*\(/, 'MySQL alone: VALUES (…)'],
  [/\bLATERAL\b/, 'MySQL alone: a join with a grouped subquery'],
  [/\bANY_VALUE\s*\(/, 'MySQL alone: MIN or MAX'],
  [/\bMEMBER OF\b/, 'MySQL alone: a table of its own'],
  [/\b(BIN_TO_UUID|UUID_TO_BIN)\b/, 'MySQL alone: char(36)'],
  [
    /\bDELETE FROM [`\w]+ (AS )?(?!WHERE|ORDER|LIMIT|USING|PARTITION)[`\w]+ WHERE\b/,
    'MariaDB 10.11 takes no alias here',
  ],
  [/^\s*WITH\b[^]*\)\s*(UPDATE|DELETE)\b/, 'MariaDB 10.11 takes no CTE before UPDATE or DELETE'],
  [/\bFETCH (FIRST|NEXT)\b|\bROWS EXAMINED\b/, 'MariaDB alone: LIMIT'],
  [/utf8mb4_0900|uca1400/i, 'a collation of one server alone: utf8mb4_unicode_ci'],
  [
    /\bAS (rank|groups|system|window|lead|lag|of|function|empty|cube|grouping|row|rows|stored|virtual|manual|parallel)\b/i,
    'a reserved word of MySQL 8: quote it or choose another',
  ],
];

/** SQL runs on MySQL 8 and MariaDB alike; only one of them is there in most tests. */
const portableSql = {
  create(context) {
    const check = (node, text) => {
      if (!SQL.test(text)) return;
      for (const [pattern, reason] of UNPORTABLE_SQL) {
        if (pattern.test(text)) context.report({ node, message: `SQL that only one server takes: ${reason}.` });
      }
    };
    return {
      Literal(node) {
        if (typeof node.value === 'string') check(node, node.value);
      },
      TemplateLiteral(node) {
        check(node, node.quasis.map((part) => part.value.cooked ?? '').join('?'));
      },
    };
  },
};

export default {
  meta: { name: 'durastack' },
  rules: {
    'no-raw-error': noRawError,
    'no-application-failure': noApplicationFailure,
    'no-message-matching': noMessageMatching,
    'max-parameters': maxParameters,
    'no-reexport': noReexport,
    docstring,
    'disable-with-reason': disableWithReason,
    'portable-sql': portableSql,
  },
};
