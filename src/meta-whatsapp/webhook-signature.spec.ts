import { createHmac } from 'node:crypto';
import { verifySignature } from './webhook-signature';

const SECRET = '6d1f3a52c4b7e8091a2b3c4d5e6f7a8b';
const OTHER = '00112233445566778899aabbccddeeff';
const RAW = Buffer.from('{"object":"whatsapp_business_account","text":"Ol\\u00e1 \\/ \\ud83d\\ude00"}');

const digest = (raw: Buffer, secret = SECRET): string =>
  createHmac('sha256', secret).update(raw).digest('hex');
const sign = (raw: Buffer, secret = SECRET): string => `sha256=${digest(raw, secret)}`;

describe('verifySignature', () => {
  it('accepts what Meta signed', () => {
    expect(verifySignature(RAW, sign(RAW), [SECRET])).toBe(true);
    expect(verifySignature(Buffer.alloc(0), sign(Buffer.alloc(0)), [SECRET])).toBe(true);
  });

  it('agrees with RFC 4231, test case 2', () => {
    const header = 'sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
    expect(verifySignature(Buffer.from('what do ya want for nothing?'), header, ['Jefe'])).toBe(true);
  });

  it('accepts both secrets during a rotation, in either order', () => {
    for (const secret of [SECRET, OTHER]) {
      expect(verifySignature(RAW, sign(RAW, secret), [SECRET, OTHER])).toBe(true);
      expect(verifySignature(RAW, sign(RAW, secret), [OTHER, SECRET])).toBe(true);
    }
  });

  it('never verifies without a secret', () => {
    expect(verifySignature(RAW, sign(RAW), [])).toBe(false);
    expect(verifySignature(RAW, sign(RAW, ''), [''])).toBe(false);
    expect(verifySignature(RAW, sign(RAW, ''), ['', SECRET])).toBe(false);
  });

  const hex = digest(RAW);
  it.each<[string, string | string[] | undefined]>([
    ['no header', undefined],
    ['an empty header', ''],
    ['no prefix', hex],
    ['the prefix alone', 'sha256='],
    ['SHA-1', `sha1=${createHmac('sha1', SECRET).update(RAW).digest('hex')}`],
    ['an upper-case prefix', `SHA256=${hex}`],
    ['upper-case hex', `sha256=${hex.toUpperCase()}`],
    ['base64', `sha256=${Buffer.from(hex, 'hex').toString('base64')}`],
    ['one digit less', `sha256=${hex.slice(1)}`],
    ['one digit more', `sha256=${hex}0`],
    ['a space before', ` sha256=${hex}`],
    ['a space after', `sha256=${hex} `],
    ['a line feed after', `sha256=${hex}\n`],
    ['not hex', `sha256=${'g'.repeat(64)}`],
    ['wide digits', `sha256=${'０'.repeat(64)}`],
    ['two headers joined', `${sign(RAW)}, ${sign(RAW)}`],
    ['two headers', [sign(RAW), sign(RAW)]],
    ['a list of one', [sign(RAW)]],
    ['another secret', sign(RAW, OTHER)],
    ['the body serialised again', sign(Buffer.from(JSON.stringify(JSON.parse(RAW.toString()))))],
  ])('refuses %s', (_name, header) => {
    expect(verifySignature(RAW, header, [SECRET])).toBe(false);
  });

  it('refuses the body with any one bit flipped', () => {
    const header = sign(RAW);
    for (let bit = 0; bit < RAW.length * 8; bit++) {
      const changed = Buffer.from(RAW);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      if (verifySignature(changed, header, [SECRET, OTHER])) throw new Error(`Bit ${bit} is not covered`);
    }
  });

  it('refuses the header with any one character changed', () => {
    const header = sign(RAW);
    for (let at = 0; at < header.length; at++) {
      for (const character of '0123456789abcdefABCDEF=, \u0000') {
        if (header[at] === character) continue;
        const changed = header.slice(0, at) + character + header.slice(at + 1);
        if (verifySignature(RAW, changed, [SECRET])) throw new Error(`Accepted ${changed}`);
      }
    }
  });
});
