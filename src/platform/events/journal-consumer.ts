import type { JournalEvent } from './journal-reader';

/** A handler that takes longer has failed. With the waits between the tries nobody is held up for 60 s. */
const HANDLE_MS = 6_000;

/** A part of the server that acts on what happened, whatever crashes meanwhile. */
export interface JournalConsumer {
  /** Its place in the journal is kept under this name. */
  name: string;
  /** Entries of other types are not even read. */
  types: readonly string[];
  /**
   * The only workspaces in which it has something to do: entries of others are not read either. Asked anew for every
   * look at the journal, and about everything that commits before it is asked.
   */
  workspaces?: () => Promise<readonly number[]>;
  /** Whether the entry is of interest, by what it says itself. Quick; asked for every entry of those types. */
  wants: (event: JournalEvent) => boolean;
  /** Whether a wanted entry is acted on at once, or with the look of every second. Default: at once. */
  isUrgent?: (event: JournalEvent) => boolean;
  /** Entries of one workspace that are handed over together, at most. Default: 100. */
  atOnce?: number;
  /** That something happened, and in which conversation, is enough: what the entries say is not fetched. Default: false. */
  bare?: boolean;
  /**
   * After a look that took t the next begins no sooner than `rest` x t later, or three seconds later where that is
   * sooner: where many entries come it takes many of them together. Default: 0.
   */
  rest?: number;
  /**
   * Acts on wanted entries of one workspace, in their order. What it does must be in one transaction, or harmless
   * when done again: a crash after it and before the place is saved hands the same entries over once more, and an
   * error hands them over again one by one.
   */
  handle: (workspaceId: number, events: JournalEvent[]) => Promise<void>;
}

/** Hands over entries of one workspace; fails where the handler fails or takes too long. */
export async function handleInTime(consumer: JournalConsumer, events: JournalEvent[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`The handling took longer than ${HANDLE_MS / 1_000} s.`)),
      HANDLE_MS,
    );
  });
  try {
    await Promise.race([consumer.handle(events[0]!.workspaceId, events), late]);
  } finally {
    clearTimeout(timer);
  }
}
