import { isOpenAt, isTimeZone, type OpeningHours } from './opening-hours';

const WEEKDAYS: OpeningHours = {
  time_zone: 'Europe/Berlin',
  open: [
    { days: [1, 2, 3, 4, 5], from: '09:00', to: '12:30' },
    { days: [5], from: '14:00', to: '24:00' },
  ],
};

test.each<[string, boolean]>([
  ['2026-11-20T07:59:00Z', false], // Friday, 08:59 in winter
  ['2026-11-20T08:00:00Z', true],
  ['2026-11-20T11:29:59Z', true],
  ['2026-11-20T11:30:00Z', false],
  ['2026-11-20T22:59:59Z', true], // until midnight there
  ['2026-11-20T23:00:00Z', false], // Saturday there
  ['2026-11-21T10:00:00Z', false],
  ['2026-07-17T07:00:00Z', true], // Friday, 09:00 in summer
  ['2026-07-17T06:59:00Z', false],
  ['2026-07-20T07:00:00Z', true], // Monday
])('%s', (at, open) => {
  expect(isOpenAt(WEEKDAYS, new Date(at))).toBe(open);
});

test('midnight belongs to the day that begins', () => {
  const always = { time_zone: 'UTC', open: [{ days: [6], from: '00:00', to: '24:00' }] };
  expect(isOpenAt(always, new Date('2026-11-21T00:00:00Z'))).toBe(true);
  expect(isOpenAt(always, new Date('2026-11-22T00:00:00Z'))).toBe(false);
});

test('time zones are names, so that daylight saving is known', () => {
  expect(['UTC', 'America/Sao_Paulo', 'Asia/Kolkata'].map(isTimeZone)).toEqual([true, true, true]);
  expect(['', '+03:00', 'Mars/Base', 'Europe/Berlin\0'].map(isTimeZone)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
