import { analyticsPart } from './analytics-part';
import type { Part } from './bench';
import { chatPart } from './chat-part';
import { intakePart } from './intake-part';
import { latencyPart } from './latency-part';
import { readsPart } from './reads-part';
import { replyPart } from './reply-part';
import { fanOutPart, memoryPart } from './sockets-part';
import { startPart } from './start-part';

export const PARTS = {
  intake: intakePart,
  latency: latencyPart,
  reply: replyPart,
  chat: chatPart,
  reads: readsPart,
  analytics: analyticsPart,
  fanout: fanOutPart,
  memory: memoryPart,
  start: startPart,
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof PARTS;
export const PART_NAMES = Object.keys(PARTS) as PartName[];
/** The parts that open thousands of sockets. */
export const WITH_SOCKETS: readonly PartName[] = ['chat', 'fanout', 'memory'];
