import { type CannedVariable, filled, problemOf } from './canned-text';

const VALUES: Record<CannedVariable, string | null> = {
  'contact.name': 'Eva',
  'contact.phone_number': null,
  'agent.name': 'Ana',
  'conversation.id': '12',
  'workspace.name': 'Shop',
};

test.each([
  ['Hi {{contact.name}}, this is {{agent.name}}.', 'Hi Eva, this is Ana.', []],
  ['{{ contact.name }} {{contact.name}}', 'Eva Eva', []],
  ['Hi {{contact.name|there}}', 'Hi Eva', []],
  ['Call {{contact.phone_number|us}}', 'Call us', []],
  ['Call {{contact.phone_number|}}!', 'Call !', []],
  ['Call {{contact.phone_number}} {{contact.phone_number}} now', 'Call   now', ['contact.phone_number']],
  ['{{contact.phone_number|a|b}}', 'a|b', []],
  ['{x} {{workspace.name}} } {', '{x} Shop } {', []],
  ['{{{contact.name}}}', '{Eva}', []],
  ['no variable', 'no variable', []],
])('%s', (text, expected, missing) => {
  expect(problemOf(text)).toBeNull();
  expect(filled(text, VALUES)).toEqual({ text: expected, missing });
});

test('what a customer is called is text, whatever stands in it', () => {
  const values = { ...VALUES, 'contact.name': '{{agent.name}} $& $1' };
  expect(filled('Hi {{contact.name}}!', values).text).toBe('Hi {{agent.name}} $& $1!');
});

test('a name of nothing but blanks is none', () => {
  expect(filled('Hi {{contact.name|there}}', { ...VALUES, 'contact.name': '  ' }).text).toBe('Hi there');
});

test.each([
  '{{contact.email}}',
  '{{}}',
  '{{|there}}',
  '{{constructor}}',
  '{{Contact.Name}}',
  '{{contact.name',
  '{{contact.name}',
  '{{contact.{name}}}',
  '{{contact.name|{x}}}',
  '{{ {{contact.name}} }}',
])('%s is refused, with what there is', (text) => {
  expect(problemOf(text)).toContain(
    'contact.name, contact.phone_number, agent.name, conversation.id, workspace.name',
  );
});

test('a long text of nothing but braces is looked at quickly', () => {
  const before = performance.now();
  problemOf('{{a|'.repeat(50_000));
  problemOf('{'.repeat(200_000));
  expect(performance.now() - before).toBeLessThan(1_000);
});
