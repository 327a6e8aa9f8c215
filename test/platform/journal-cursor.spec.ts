import { durablePart, formatCursor, parseCursor } from '../../src/platform/events/journal-cursor';

describe('a cursor', () => {
  it.each([
    { base: '5:5:', upto: null, after: 0 },
    { base: '5:9:5,7', upto: null, after: 0 },
    { base: '5:9:5,7', upto: '8:20:8,11,19', after: 123 },
    { base: '1:9223372036854775807:', upto: '1:1:', after: 999_999_999_999_999 },
  ])('comes back from its text: %j', (cursor) => {
    expect(parseCursor(formatCursor(cursor))).toEqual(cursor);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['an object', { base: '5:5:' }],
    ['a list', ['5:5:']],
    ['empty text', ''],
    ['words', 'now'],
    ['SQL', "5:5:'; drop table event; --"],
    ['one number', '5'],
    ['two numbers', '5:5'],
    ['a negative number', '-5:5:'],
    ['a fraction', '5.5:6:'],
    ['an exponent', '1e3:2000:'],
    ['hexadecimal', '0x5:0x6:'],
    ['other digits', '٥:٥:'],
    ['a line break after', '5:5:\n'],
    ['a space before', ' 5:5:'],
    ['a zero byte', '5:5:\0'],
    ['number zero', '0:5:'],
    ['an end before its beginning', '9:5:'],
    ['a running transaction before the beginning', '5:9:4'],
    ['a running transaction after the end', '5:9:9'],
    ['running transactions out of order', '5:9:7,6'],
    ['a running transaction twice', '5:9:7,7'],
    ['an empty place in the list', '5:9:6,,7'],
    ['a comma too many', '5:9:6,'],
    ['a number that does not fit', '5:9223372036854775808:'],
    ['a number of twenty digits', '5:99999999999999999999:'],
    ['two parts', '5:5:~6:6:'],
    ['four parts', '5:5:~6:6:~1~2'],
    ['a second snapshot that is none', '5:5:~6~1'],
    ['an id that is none', '5:5:~6:6:~-1'],
    ['an id that is too large', '5:5:~6:6:~1234567890123456'],
    ['a megabyte', `5:9:${'5,'.repeat(500_000)}6`],
  ])('is not made of %s', (_, text) => {
    expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID', status: 400 }));
  });
});

describe('the durable part of a snapshot', () => {
  it.each([
    ['10:10:', '9', '10:10:', 'all of it, where the newest transaction has an entry'],
    ['10:20:10,15', '19', '10:20:10,15', 'also with running ones'],
    ['20:20:', '9', '10:10:', 'nothing after the newest entry'],
    ['5:20:5,15', '9', '5:10:5', 'running ones up to there'],
    ['15:20:15', '9', '10:10:', 'none where all of them are younger'],
    ['9:20:9', '9', '9:10:9', 'a running one that is as new as the newest entry'],
    ['7:7:', '0', '1:1:', 'the beginning, where there never was an entry'],
  ])('of %s with entries up to %s is %s: %s', (snapshot, last, expected) => {
    expect(durablePart(snapshot, last)).toBe(expected);
  });
});
