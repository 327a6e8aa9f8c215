import { isLine, lineOf, parsePhone } from './phone-lines';

describe('a number that somebody wrote', () => {
  it.each([
    ['+55 11 98765-4321', null, '+5511987654321'],
    ['0055 (11) 98765.4321', null, '+5511987654321'],
    ['tel:+49-171-1234567', null, '+491711234567'],
    ['+49 (0)171 1234567', null, '+491711234567'],
    ['5511987654321', null, '+5511987654321'],
    ['0055 (11) 98765.4321', 'BR', '+5511987654321'],
    ['0171 123 45 67', 'DE', '+491711234567'],
    ['0049 171 1234567', 'DE', '+491711234567'],
    ['8 (912) 345-67-89', 'RU', '+79123456789'],
    ['011 15-2233-4455', 'AR', '+5491122334455'],
    ['5511987654321', 'US', '+5511987654321'],
    ['+1 555 078 3881', null, '+15550783881'],
  ])('%j in country %j is %s', (written, country, e164) => {
    expect(parsePhone(written, country)?.e164).toBe(e164);
  });

  it.each([
    ['0171 1234567', null],
    ['171 12345', 'XX'],
    ['12', 'DE'],
    ['', 'DE'],
    ['abc', 'DE'],
    ['+999 123456789', null],
    ['+4917112345671234567', null],
    ['+49 171 1234567 ext. 12', null],
    ['+49 171 1234567; drop table contact', null],
    ['+', null],
    ['+5511987654321'.padEnd(60, ' 1'), null],
  ])('%j in country %j is none', (written, country) => {
    expect(parsePhone(written, country)).toBeNull();
  });
});

describe('lines that WhatsApp writes otherwise', () => {
  it.each([
    ['Mexico with and without the 1', ['525512345678', '5215512345678'], '+525512345678', '5215512345678'],
    [
      'Brazil with and without the ninth digit',
      ['551187654321', '5511987654321'],
      '+5511987654321',
      '5511987654321',
    ],
  ])('%s: one line, shown and called the same', (_, spellings, e164, called) => {
    for (const digits of spellings) {
      const line = lineOf(digits);
      expect(line.e164).toBe(e164);
      expect(line.spellings[0]).toBe(called);
      expect([...line.spellings].sort()).toEqual([...spellings].sort());
    }
  });

  it('Argentina with and without the 9: one line, shown as it was entered, called with the 9', () => {
    expect(lineOf('541122334455')).toEqual({
      e164: '+541122334455',
      spellings: ['5491122334455', '541122334455'],
    });
    expect(lineOf('5491122334455')).toEqual({
      e164: '+5491122334455',
      spellings: ['5491122334455', '541122334455'],
    });
  });

  it.each([
    ['a landline of Brazil', '551133334444'],
    ['a freephone of Brazil', '5508001234567'],
    ['a number of Spain', '34612345678'],
    ['a number that begins like Mexico’s and is longer', '52155123456789'],
  ])('%s has one spelling', (_, digits) => {
    expect(lineOf(digits)).toEqual({ e164: `+${digits}`, spellings: [digits] });
  });

  it('a number with its + is also the line of exactly its digits, whatever of them the numbering plan takes for a prefix', () => {
    expect(parsePhone('+55 90 52265-3260', null)?.spellings).toContain('5590522653260');
    expect(parsePhone('+49 (0)171 1234567', null)?.spellings).toEqual(['491711234567', '4901711234567']);
    expect(parsePhone('11 96123-4567', 'BR')?.spellings).not.toContain('11961234567');
  });

  it('a stored number is recognised in each of them', () => {
    const line = lineOf('525512345678');
    expect(isLine(line, '+5215512345678')).toBe(true);
    expect(isLine(line, '+525512345678')).toBe(true);
    expect(isLine(line, '+525512345679')).toBe(false);
    expect(isLine(line, null)).toBe(false);
  });
});
