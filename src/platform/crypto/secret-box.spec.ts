import { loadConfig } from '../../config/load-config';
import { SecretBox } from './secret-box';

const SECRET = 'EAAG-token 😀 with "everything"';
const CONTEXT = 'whatsapp_integration_config.access_token/1/106540352242922';

const boxWith = (key: string): SecretBox =>
  new SecretBox(loadConfig({ NODE_ENV: 'test', ENCRYPTION_KEY: key, JWT_SECRET: key }));
const box = boxWith('one key of at least thirty-two characters');

test('opens what it sealed', () => {
  for (const text of [SECRET, '', 'x'.repeat(100_000)])
    expect(box.open(box.seal(text, CONTEXT), CONTEXT)).toBe(text);
});

test('never seals the same twice, and shows nothing of it', () => {
  const sealed = box.seal(SECRET, CONTEXT);
  expect(box.seal(SECRET, CONTEXT)).not.toBe(sealed);
  expect(sealed).toMatch(/^v1:[\w-]{16}:[\w-]+:[\w-]{22}$/);
  expect(Buffer.from(sealed.split(':')[2]!, 'base64url').toString()).not.toContain('EAAG');
});

test.each(['whatsapp_integration_config.access_token/2/106540352242922', `${CONTEXT}0`, ''])(
  'does not open in another context (%s)',
  (context) => {
    expect(() => box.open(box.seal(SECRET, CONTEXT), context)).toThrow('cannot be opened');
  },
);

test('does not open with another key', () => {
  const other = boxWith('other key of at least thirty-two characters');
  expect(() => other.open(box.seal(SECRET, CONTEXT), CONTEXT)).toThrow('was ENCRYPTION_KEY changed?');
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
  const [format, nonce, sealed, tag] = box.seal(SECRET, CONTEXT).split(':');
  const short = Buffer.from(tag!, 'base64url').subarray(0, 4).toString('base64url');
  expect(() => box.open([format, nonce, sealed, short].join(':'), CONTEXT)).toThrow('cannot be opened');
});

test.each(['', 'plain text', 'v2:a:b:c', 'v1:a:b', 'v1::b:c', 'v1:a:b:'])('is not fooled by "%s"', (text) => {
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
