import { searchWords } from './contact-search.policy';

it.each([
  ['Ana', ['Ana']],
  ['  Ana   Silva ana', ['Ana', 'Silva', 'ana']],
  ['+55 (11) 98765-4321', ['5511987654321']],
  ['0055 11 98765 4321', ['5511987654321']],
  ['0171 123 45 67', ['1711234567']],
  ['98765-4321', ['987654321']],
  ['00123', ['00123']],
  ['12', ['12']],
  ['Ana 98765-4321', ['Ana', '987654321']],
  ['crm-00123', ['crm-00123']],
  ['100%', ['100%']],
  ['---', ['---']],
  ['a b c d e f g h i j', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']],
])('%j is looked for as %j', (text, words) => {
  expect(searchWords(text)).toEqual(words);
});
