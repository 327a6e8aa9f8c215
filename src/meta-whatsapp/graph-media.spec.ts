import { isMetas } from './graph-media';

const META = new URL('https://graph.facebook.com');

test.each([
  'https://graph.facebook.com/v25.0/1',
  'https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1',
  'https://scontent.xx.fbcdn.net/a',
  'https://mmg.whatsapp.net/a',
])('the token goes to %s', (url) => expect(isMetas(new URL(url), META)).toBe(true));

test.each([
  'http://lookaside.fbsbx.com/a',
  'https://fbsbx.com.evil.example/a',
  'https://evilfbsbx.com/a',
  'https://lookaside.fbsbx.com:8443/a',
  'https://user:word@lookaside.fbsbx.com/a',
  'https://127.0.0.1/a',
  'http://graph.facebook.com/a',
  'http://169.254.169.254/latest/meta-data',
  'ftp://lookaside.fbsbx.com/a',
])('nothing goes to %s', (url) => expect(isMetas(new URL(url), META)).toBe(false));

test('a base of another kind is trusted with its own host and port only', () => {
  const base = new URL('http://127.0.0.1:4010/graph');
  expect(isMetas(new URL('http://127.0.0.1:4010/download/x'), base)).toBe(true);
  expect(isMetas(new URL('http://127.0.0.1:4011/download/x'), base)).toBe(false);
});
