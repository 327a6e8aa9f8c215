import { brokenBy } from './chat-rules';

const LIMITS = { maxLinks: 2, maxSymbols: 60, words: ['free money'] };

test.each([
  ['ordinary text', 'Hello, I need help with my account!', []],
  ['a price and a date', 'It cost $29.99 on 2026-03-14 (order #77-81/3).', []],
  ['emoji', '😀👍🏽🇦🇷👩‍👩‍👧'.repeat(10), []],
  ['another script', 'שלום, מה שלומך? 你好吗？我需要帮助。', []],
  ['a short row of symbols', '?!?!?!', []],
  ['as many links as may be', 'https://a.example and http://b.example', []],
  ['more links', 'https://a.example HTTP://b.example www.c.example', ['links']],
  ['a long row of symbols', '$$$$ !!!! #### **** >>>>', ['symbols']],
  ['a phrase, whatever its capitals', 'Get FREE Money now', ['words']],
  ['several at once', 'free money www.a.b www.c.d www.e.f', ['links', 'words']],
])('%s', (_, text, rules) => {
  expect(brokenBy(text, LIMITS)).toEqual(rules);
});

test('a limit of 0 asks for nothing', () => {
  const text = `${'www.a.b '.repeat(50)}${'$'.repeat(5_000)}`;
  expect(brokenBy(text, { maxLinks: 0, maxSymbols: 0, words: [] })).toEqual([]);
});
