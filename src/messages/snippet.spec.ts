import { snippetOf } from './snippet';

const marked = (body: string, wanted: string): string[] => {
  const { text, matches } = snippetOf(body, wanted);
  return matches.map(({ start, length }) => text.slice(start, start + length));
};

test.each([
  [
    'the beginning of a word, whatever its accents and capitals',
    'Hubo una CANCELACIÓN hoy',
    'canc',
    ['CANC'],
  ],
  ['accents on both sides', 'São Paulo, sao paulo', 'são', ['São', 'sao']],
  ['accents that are letters of their own', 'Sa\u0303o', 'sao', ['Sa\u0303o']],
  ['several words, at every place', 'um dois um', 'um dois', ['um', 'dois', 'um']],
  ['not the middle of a word', 'placa', 'aca', []],
  ['the longest of two beginnings', 'cancelado', 'can cance', ['cance']],
  ['signs of scripts without spaces', '我要取消订单', '取消', ['取', '消']],
  ['a letter that becomes two', 'ﬁm', 'fi', ['ﬁ']],
  ['what stands after a letter of two halves', '😀 hola 😀', 'hola', ['hola']],
  ['no operators', 'a & b | c', '& |', []],
])('shows %s', (_what, body, wanted, expected) => {
  expect(marked(body, wanted)).toEqual(expected);
});

test('shows a long text around the first match only', () => {
  const body = `${'x '.repeat(300)}needle ${'y '.repeat(300)}`;
  const { text, matches } = snippetOf(body, 'needle');
  expect(text.length).toBeLessThan(170);
  expect(text).toMatch(/^….*needle.*…$/);
  expect(matches).toEqual([{ start: text.indexOf('needle'), length: 6 }]);
});

test('never cuts a letter in two, and leaves text as it is', () => {
  for (let before = 0; before < 6; before++) {
    const body = `${'a'.repeat(before)}${'😀'.repeat(200)} needle ${'😀'.repeat(200)}`;
    expect(snippetOf(body, 'needle').text).toMatch(/^[^\p{Surrogate}]*$/u);
  }
  expect(snippetOf('<b>"hi" & bye</b>', 'hi')).toEqual({
    text: '<b>"hi" & bye</b>',
    matches: [{ start: 4, length: 2 }],
  });
});
