import type { DayCounts } from './analytics.repository';
import type { ResolutionDto, SatisfactionDto, ScoresDto, TimesDto, VolumeDto } from './analytics.types';
import { quantile, type Spread } from './spread';

/** The mean of times, in seconds. */
export function averageOf({ count, sum }: Spread): number | null {
  return count === 0 ? null : rounded(sum / count / 1000);
}

export function timesOf(spread: Spread): TimesDto {
  const estimate = (share: number): number | null => {
    const seconds = quantile(spread, share);
    return seconds === null ? null : rounded(seconds);
  };
  return {
    count: spread.count,
    average_seconds: averageOf(spread),
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

export function resolutionOf(counts: DayCounts[], times: Spread, isOfAll: boolean): ResolutionDto {
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

export function satisfactionOf({ count, sum, inBucket }: Spread): SatisfactionDto {
  const given = (score: number): number => inBucket[score]!;
  const scores: ScoresDto = { '1': given(1), '2': given(2), '3': given(3), '4': given(4), '5': given(5) };
  return {
    ratings: count,
    average_score: count === 0 ? null : rounded(sum / count),
    satisfied_share: count === 0 ? null : rounded((scores['4'] + scores['5']) / count),
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
