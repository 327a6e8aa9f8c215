/** Times of a week in which the business is open. */
export interface OpeningHours {
  /** Of the IANA list, such as `America/Sao_Paulo`. */
  time_zone: string;
  open: OpenPeriod[];
}

export interface OpenPeriod {
  /** 1 is Monday, 7 is Sunday. */
  days: number[];
  /** `HH:MM`, on the clock of the time zone. */
  from: string;
  /** `HH:MM`, later than `from`; `24:00` is the end of the day. */
  to: string;
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Daylight saving included: it is the clock on the wall there that counts. */
export function isOpenAt({ time_zone: timeZone, open }: OpeningHours, at: Date): boolean {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  const day = DAYS.indexOf(part('weekday')) + 1;
  const time = `${part('hour')}:${part('minute')}`;
  return open.some(({ days, from, to }) => days.includes(day) && from <= time && time < to);
}

export function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en-US', { timeZone: name }).format() !== '' && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
