import { AppError } from './app-error';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;

/** Days in UTC, both included. */
export interface Period {
  from: string;
  to: string;
}

/** Throws `VALIDATION_FAILED` for what is no such period. */
export function periodOf({ from, to }: { from?: string; to?: string }, now: Date): Period {
  const end = dayOfCalendar('to', to ?? dayOf(now.getTime()));
  const start = dayOfCalendar('from', from ?? dayOf(Date.parse(end) - (DEFAULT_DAYS - 1) * DAY_MS));
  const days = (Date.parse(end) - Date.parse(start)) / DAY_MS + 1;
  if (days < 1) throw refused('from', 'from is not later than to.');
  if (days > MAX_DAYS) throw refused('from', `At most ${MAX_DAYS} days at once.`);
  return { from: start, to: end };
}

/** The first day of each part of the period; a week's is its Monday, also where the period begins later. */
export function partsOf({ from, to }: Period, by: 'day' | 'week'): string[] {
  const step = by === 'day' ? 1 : 7;
  const parts: string[] = [];
  for (let at = Date.parse(partOf(from, by)); at <= Date.parse(to); at += step * DAY_MS)
    parts.push(dayOf(at));
  return parts;
}

export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** To which of the {@link partsOf} a period a day belongs. */
export function partOf(day: string, by: 'day' | 'week'): string {
  return by === 'day' ? day : mondayOf(day);
}

/** So many days ago, that day and today both counted. */
export function daysUpTo(today: Date, days: number): Period {
  return { from: dayOf(today.getTime() - (days - 1) * DAY_MS), to: dayOf(today.getTime()) };
}

function mondayOf(day: string): string {
  const at = Date.parse(day);
  return dayOf(at - ((new Date(at).getUTCDay() + 6) % 7) * DAY_MS);
}

/** Throws `VALIDATION_FAILED` for what only looks like a day. PostgreSQL has no year 0. */
function dayOfCalendar(field: string, day: string): string {
  const at = Date.parse(day);
  if (Number.isNaN(at) || dayOf(at) !== day || day < '0001')
    throw refused(field, `${field} is not a day of the calendar.`);
  return day;
}

function refused(field: string, problem: string): AppError {
  return new AppError('VALIDATION_FAILED', problem, [{ field, problem }]);
}
