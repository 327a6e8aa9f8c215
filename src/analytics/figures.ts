import type { DayCounts } from './analytics.repository';
import type { ResolutionDto, SatisfactionDto, ScoresDto, TimesDto, VolumeDto } from './analytics.types';
import { type Bucket, countOf, quantile, sumOf } from './spread';

/** The mean of times, in seconds. */
export function averageOf(buckets: Bucket[]): number | null {
  const count = countOf(buckets);
  return count === 0 ? null : rounded(sumOf(buckets) / count / 1000);
}

export function timesOf(buckets: Bucket[]): TimesDto {
  const estimate = (share: number): number | null => {
    const seconds = quantile(buckets, share);
    return seconds === null ? null : rounded(seconds);
  };
  return {
    count: countOf(buckets),
    average_seconds: averageOf(buckets),
    median_seconds: estimate(0.5),
    p90_seconds: estimate(0.9),
  };
}

export function volumeOf(counts: DayCounts[], isOfAll: boolean): VolumeDto {
  const sum = (name: keyof DayCounts): number => total(counts, name);
  return {
    inbound: isOfAll ? sum('inbound') : null,
    outbound_people: sum('outboundPeople'),
    outbound_bots: isOfAll ? sum('outboundBots') : null,
    opened: isOfAll ? sum('opened') : null,
    closed: sum('closed'),
    reopened: sum('reopened'),
    archived: sum('archived'),
  };
}

export function resolutionOf(counts: DayCounts[], times: Bucket[], isOfAll: boolean): ResolutionDto {
  const opened = isOfAll ? total(counts, 'opened') : null;
  const closed = total(counts, 'closed');
  return {
    opened,
    closed,
    reopened: total(counts, 'reopened'),
    rate: opened === null || opened === 0 ? null : rounded(closed / opened),
    time: timesOf(times),
  };
}

export function satisfactionOf(buckets: Bucket[]): SatisfactionDto {
  const ratings = countOf(buckets);
  const given = (score: number): number => countOf(buckets.filter(({ bucket }) => bucket === score));
  const scores: ScoresDto = { '1': given(1), '2': given(2), '3': given(3), '4': given(4), '5': given(5) };
  return {
    ratings,
    average_score: ratings === 0 ? null : rounded(sumOf(buckets) / ratings),
    satisfied_share: ratings === 0 ? null : rounded((scores['4'] + scores['5']) / ratings),
    scores,
  };
}

function total(counts: DayCounts[], name: keyof DayCounts): number {
  return counts.reduce((sum, one) => sum + one[name], 0);
}

/** Thousandths are enough for people. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
