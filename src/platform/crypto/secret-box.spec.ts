import { loadConfig } from '../../config/load-config';
import { SecretBox } from './secret-box';

const SECRET = 'EAAG-token 😀 with "everything"';
const CONTEXT = 'whatsapp_integration_config.access_token/1/106540352242922';

const ONE = 'one key of at least thirty-two characters';
const OTHER = 'other key of at least thirty-two characters';
const COMMA = 'a key, with a comma, of at least thirty-two characters';
/** Of the first version, which named no key: `four` in CONTEXT by the key ONE. */
const OLD = 'v1:BwcHBwcHBwcHBwcH:L5Fnyw:F7SgsRFqvxKvIDdCNCRwMA';

const boxWith = (key: string, previous = ''): SecretBox =>
  new SecretBox(
    loadConfig({
      NODE_ENV: 'test',
      ENCRYPTION_KEY: key,
      ENCRYPTION_KEY_PREVIOUS: previous,
      JWT_SECRET: key,
    }),
  );
const box = boxWith(ONE);

test('opens what it sealed', () => {
  for (const text of [SECRET, '', 'x'.repeat(100_000)])
    expect(box.open(box.seal(text, CONTEXT), CONTEXT)).toBe(text);
});

test('never seals the same twice, and shows nothing of it', () => {
  const sealed = box.seal(SECRET, CONTEXT);
  expect(box.seal(SECRET, CONTEXT)).not.toBe(sealed);
  expect(sealed).toMatch(/^v2:[\w-]{8}:[\w-]{16}:[\w-]+:[\w-]{22}$/);
  expect(Buffer.from(sealed.split(':')[3]!, 'base64url').toString()).not.toContain('EAAG');
});

test.each(['whatsapp_integration_config.access_token/2/106540352242922', `${CONTEXT}0`, ''])(
  'does not open in another context (%s)',
  (context) => {
    expect(() => box.open(box.seal(SECRET, CONTEXT), context)).toThrow('cannot be opened');
  },
);

test('does not open with another key', () => {
  for (const other of [boxWith(OTHER), boxWith(OTHER, `${COMMA},${SECRET}`)])
    for (const sealed of [box.seal(SECRET, CONTEXT), OLD])
      expect(() => other.open(sealed, CONTEXT)).toThrow('was ENCRYPTION_KEY changed');
});

describe('while keys are replaced', () => {
  test.each([
    ['the previous one', boxWith(OTHER, ONE)],
    ['one of the previous ones', boxWith(OTHER, ` ${COMMA} , ${ONE} ,, `)],
    ['the next one', boxWith(ONE, OTHER)],
  ])('opens what was sealed with %s', (_, several) => {
    expect(several.open(box.seal(SECRET, CONTEXT), CONTEXT)).toBe(SECRET);
    expect(several.open(OLD, CONTEXT)).toBe('four');
    expect(() => several.open(box.seal(SECRET, CONTEXT), `${CONTEXT}0`)).toThrow('cannot be opened');
  });

  test('seals with the current one, and tells which texts are not', () => {
    const several = boxWith(OTHER, ONE);
    const sealed = several.seal(SECRET, CONTEXT);
    expect(boxWith(OTHER).open(sealed, CONTEXT)).toBe(SECRET);
    expect([sealed, box.seal(SECRET, CONTEXT), OLD].map((text) => several.isCurrent(text))).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('a key with a comma in it may be the previous one', () => {
    const sealed = boxWith(COMMA).seal(SECRET, CONTEXT);
    expect(boxWith(OTHER, COMMA).open(sealed, CONTEXT)).toBe(SECRET);
  });
});

test('does not open once any character of it was changed', () => {
  const sealed = box.seal('four', CONTEXT);
  // The last character of a base64url part may hold bits that mean nothing.
  const meaningful = Array.from(sealed).flatMap((_, i) =>
    /[\w-][\w-]/.test(sealed.slice(i, i + 2)) ? [i] : [],
  );
  for (const i of meaningful) {
    const changed = sealed.slice(0, i) + (sealed[i] === 'A' ? 'B' : 'A') + sealed.slice(i + 1);
    expect(() => box.open(changed, CONTEXT)).toThrow(/cannot be opened|Not a sealed/);
  }
});

test('does not open with a tag cut short', () => {
  const [format, key, nonce, sealed, tag] = box.seal(SECRET, CONTEXT).split(':');
  const short = Buffer.from(tag!, 'base64url').subarray(0, 4).toString('base64url');
  expect(() => box.open([format, key, nonce, sealed, short].join(':'), CONTEXT)).toThrow('cannot be opened');
});

test.each([
  '',
  'plain text',
  'v3:a:b:c:d',
  'v2:a:b:c',
  'v2::a:b:c',
  'v2:a:b:c:d:e',
  'v1:a:b:c:d',
  'v1:a:b',
  'v1::b:c',
  'v1:a:b:',
])('is not fooled by "%s"', (text) => {
  expect(() => box.open(text, CONTEXT)).toThrow('Not a sealed credential.');
});

test('never repeats a secret or a key in an error', () => {
  try {
    box.open(box.seal(SECRET, CONTEXT), 'elsewhere');
    throw new Error('it opened');
  } catch (error) {
    expect(String((error as Error).stack)).not.toMatch(/EAAG|thirty-two characters/);
  }
});
